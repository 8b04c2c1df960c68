// Draws the key figures, and on every later call changes only what changed: no element is ever replaced.

const COLOURS = { good: "green", bad: "red", warn: "orange", neutral: "gray" };
const ICONS = {
  good: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.4 5.5-4 4.2a.8.8 0 0 1-1.1 0L4.5 8.9a.8.8 0 0 1 1.1-1.1l1.2 1.2 3.5-3.6a.8.8 0 0 1 1.1 1.1Z",
  bad: "M7 1.9a1.1 1.1 0 0 1 2 0l5.7 10.9a1.1 1.1 0 0 1-1 1.6H2.3a1.1 1.1 0 0 1-1-1.6L7 1.9Zm1 3.7a.8.8 0 0 0-.8.8v2.9a.8.8 0 0 0 1.6 0V6.4a.8.8 0 0 0-.8-.8Zm0 5.4a.9.9 0 1 0 0 1.8.9.9 0 0 0 0-1.8Z",
  warn: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM4.8 7.2h6.4a.8.8 0 0 1 0 1.6H4.8a.8.8 0 0 1 0-1.6Z",
  neutral: "",
};
const TEMPLATE = `
  <span class="label"></span>
  <span class="row"><span><span class="value"></span><span class="unit"></span></span><span class="chip"></span></span>
  ${PLOT}
  <span class="foot"><svg class="icon" viewBox="0 0 16 16"><path/></svg><span></span></span>
  <span class="range"></span>
  <span class="aria"></span>`;

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A value that a push changed lights up once; the first drawing does not. */
function setValue(element, text) {
  const before = element.textContent;
  setText(element, text);
  if (!before || before === text) return;
  element.classList.remove("changed");
  void element.offsetWidth; // restarts the animation
  element.classList.add("changed");
}

function drawTile(button, tile, selected) {
  const find = (selector) => button.querySelector(selector);
  button.className = tile.hidden ? "tile hidden" : "tile";
  button.setAttribute("aria-pressed", String(tile.id === selected));
  button.style.setProperty("--end-color", `var(--st-${COLOURS[tile.tone]}-color)`);
  setText(find(".label"), tile.label);
  setValue(find(".value"), tile.value);
  setText(find(".unit"), tile.unit);
  setText(find(".chip"), tile.chip);
  find(".chip").className = `chip ${tile.tone}`;
  setText(find(".foot span"), tile.foot);
  find(".icon").setAttribute("class", `icon ${tile.foot_tone}`);
  find(".icon path").setAttribute("d", ICONS[tile.foot_tone]);
  setText(find(".range"), tile.range);
  setText(find(".aria"), tile.aria);
  drawSpark(button, tile);
}

/** Show the choice at once; the rerun that it asks for brings the rest. */
function choose(grid, chosen, tell) {
  for (const button of grid.children) button.setAttribute("aria-pressed", String(button === chosen));
  tell();
}

function newTile(grid) {
  const button = document.createElement("button");
  button.type = "button";
  button.innerHTML = TEMPLATE;
  grid.append(button);
  return button;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  const tiles = JSON.parse(data.tiles);
  grid.setAttribute("aria-label", data.aria);
  tiles.forEach((tile, place) => {
    const button = grid.children[place] ?? newTile(grid);
    button.onclick = () => choose(grid, button, () => setTriggerValue("chosen", tile.id));
    drawTile(button, tile, data.selected);
  });
  while (grid.children.length > tiles.length) grid.lastChild.remove();
}
