// Draws a table, and on every later call changes only what changed: rows are known by their ids and moved, never redrawn.

const LENGTHS = ["share", "other", "lo", "hi"];
const NOTE_SIZE = 0.86; // of a note's letters, against those of the text above it
// A narrow cell breaks its note between the parts that a dot sets apart, not within one.
const unbroken = (note = "") => note.replaceAll(" ", "\u00a0").replaceAll("\u00a0·\u00a0", "\u00a0· ");
const PARTS = `<span class="bar"><i class="fill"></i><i class="other"></i><i class="whisker"></i></span>
  <bdi class="text"></bdi> <bdi class="note"></bdi> <span class="aria"></span>`;

const words = (...names) => names.filter(Boolean).join(" ");

/** An attribute is written only where it differs; one without a value is taken away. */
function set(element, name, value) {
  if (value === undefined || value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function setLength(element, name, value) {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

function setText(element, text = "") {
  if (element.textContent !== text) element.textContent = text;
}

/** A value that a push changed lights up once; the first drawing does not, nor does a row that moves later. */
function setValue(element, text = "") {
  const before = element.textContent;
  if (element.classList.contains("changed")) {
    element.classList.remove("changed");
    void element.offsetWidth; // lets the animation start again
  }
  setText(element, text);
  if (before && before !== text) element.classList.add("changed");
}

/** The children that go by these keys, in this order: known ones stay or move, new ones are made, others go. */
function keyed(parent, keys, make) {
  const wanted = new Set(keys);
  for (const child of [...parent.children]) if (!wanted.has(child.dataset.key)) child.remove();
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  keys.forEach((key, place) => {
    const child = known.get(key) ?? make(place);
    if (!known.has(key)) child.dataset.key = key;
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
  return [...parent.children];
}

/** Roles are said aloud, because browsers forget those of a table that a phone shows as a list. */
function element(tag, role, scope) {
  const made = document.createElement(tag);
  set(made, "role", role);
  set(made, "scope", scope);
  return made;
}

/** What a cell holds: a real button where it can be chosen. */
function bodyOf(cell, choosable) {
  const tag = choosable ? "BUTTON" : "SPAN";
  if (cell.firstElementChild?.tagName === tag) return cell.firstElementChild;
  const body = element(tag);
  set(body, "class", "body");
  if (choosable) set(body, "type", "button");
  body.innerHTML = PARTS;
  cell.replaceChildren(body);
  return body;
}

function drawLengths(place, cell) {
  for (const name of LENGTHS) {
    const value = Math.min(Math.max(cell[name], 0), 1);
    setLength(place, `--${name}`, isNumber(cell[name]) ? String(value) : "");
  }
}

/** The small line of a cell, on a scale from zero: only cells that have one carry its parts. */
function drawSeries(body, { spark }) {
  if (spark && !body.querySelector(".plot")) body.insertAdjacentHTML("beforeend", PLOT);
  if (spark) drawSpark(body, { spark, from: 0 });
  else body.querySelector(".plot")?.remove();
}

/** The parts that a cell draws, for the style sheet to show or hide. */
function partsOf(cell) {
  const drawn = isNumber(cell.share) && "measured";
  const compared = isNumber(cell.other) && "compared";
  const ranged = isNumber(cell.lo) && isNumber(cell.hi) && "ranged";
  const empty = !drawn && !cell.text && !cell.spark?.some(isNumber);
  return words(drawn, compared, ranged, empty && "blank");
}

function drawCell(place, column, cell, { selected, rooms }) {
  const body = bodyOf(place, Boolean(cell.id));
  const find = (name) => body.querySelector(`.${name}`);
  set(place, "class", words(column.kind, column.main && "main", cell.tone, partsOf(cell)));
  set(place, "data-label", column.label);
  set(body, "data-id", cell.id);
  set(body, "aria-pressed", cell.id ? String(cell.id === selected) : null);
  drawLengths(place, cell);
  drawSeries(body, cell);
  if (column.kind === "bar") setLength(place, "--room", rooms[column.id]);
  setValue(find("text"), cell.text);
  setText(find("note"), column.kind === "text" ? cell.note : unbroken(cell.note));
  setText(find("aria"), cell.aria);
}

function drawHead(row, columns) {
  const keys = columns.map((column) => column.id);
  const cells = keyed(row, keys, () => element("th", "columnheader", "col"));
  columns.forEach((column, place) => {
    set(cells[place], "class", column.kind);
    set(cells[place], "title", column.note);
    setText(cells[place], column.label);
  });
}

function drawRow(line, row, data) {
  set(line, "class", words(row.tone, row.muted && "muted"));
  const keys = data.columns.map((column, place) => (place ? column.id : `header ${column.id}`));
  const make = (place) => (place ? element("td", "cell") : element("th", "rowheader", "row"));
  const cells = keyed(line, keys, make);
  data.columns.forEach((column, place) => drawCell(cells[place], column, row.cells[column.id], data));
}

/** The room that the words of each column need beside its bars: the same in every row, so that lengths compare. */
function roomsOf({ columns, rows }) {
  const width = ({ text = "", note = "" }) => Math.max(text.length, NOTE_SIZE * note.length);
  const widest = (id) => Math.max(0, ...rows.map((row) => width(row.cells[id])));
  return Object.fromEntries(columns.map(({ id }) => [id, `${widest(id)}ch`]));
}

/** A table wider than its place can be scrolled by keyboard; one that fits is no stop on the way. */
function watch(scroller, table) {
  const measure = () => {
    const scrolls = scroller.scrollWidth > scroller.clientWidth;
    set(scroller, "tabindex", scrolls ? "0" : null);
    set(scroller, "role", scrolls ? "group" : null);
    set(scroller, "aria-label", scrolls ? table.caption.textContent : null);
  };
  const observer = new ResizeObserver(measure);
  observer.observe(scroller);
  observer.observe(table);
  return observer;
}

/** Show the choice at once; the rerun that it asks for brings the rest. */
function choose(table, target, tell) {
  const button = target.closest("button") ?? target.closest("tr")?.querySelector("th button");
  if (!button) return;
  for (const other of table.querySelectorAll("button")) set(other, "aria-pressed", String(other === button));
  tell(button.dataset.id);
}

export default function ({ data: { table: written, ...told }, parentElement, setTriggerValue }) {
  const data = { ...told, ...JSON.parse(written) };
  const scroller = parentElement.querySelector(".scroller");
  const table = scroller.querySelector("table");
  const focused = scroller.getRootNode().activeElement;
  const lines = keyed(table.tBodies[0], data.rows.map((row) => row.id), () => element("tr", "row"));
  const rooms = roomsOf(data);
  set(table, "class", data.columns.some((column) => column.kind === "heat") ? "map" : "list");
  setText(table.caption, data.caption);
  drawHead(table.tHead.rows[0], data.columns);
  data.rows.forEach((row, place) => drawRow(lines[place], row, { ...data, rooms }));
  table.onclick = ({ target }) => choose(table, target, (id) => setTriggerValue("chosen", id));
  scroller.watcher ??= watch(scroller, table);
  if (focused?.isConnected) focused.focus({ preventScroll: true }); // a row that moves loses it
}
