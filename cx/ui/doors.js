// Offers the front doors: what is chosen is remembered by a cookie that holds its name alone, and told to Python.

const YEAR = 31536000; // seconds

function remember({ cookie, path }, name) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${cookie}=${name}; path=${path}; max-age=${YEAR}; samesite=lax${secure}`;
}

function button(text, className, choose) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = text;
  made.onclick = choose;
  return made;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const choose = (name) => {
    remember(data, name);
    setTriggerValue("chosen", name);
  };
  const label = document.createElement("span");
  label.textContent = data.label;
  const doors = data.doors.map(({ id, title }) => {
    const door = button(title, "door", () => choose(id));
    if (!data.dismiss) door.setAttribute("aria-pressed", String(id === data.current));
    return door;
  });
  const group = parentElement.querySelector(".doors");
  group.setAttribute("aria-label", data.label);
  group.classList.toggle("line", Boolean(data.dismiss));
  group.replaceChildren(...(data.dismiss ? [label, ...doors] : doors));
  if (!data.dismiss) return;
  const dismiss = button("×", "dismiss", () => choose(data.none));
  dismiss.setAttribute("aria-label", data.dismiss);
  dismiss.title = data.dismiss;
  group.append(dismiss);
}
