// Copies the address of the page as it is. Over plain http a browser has no clipboard for pages: then the old way is
// tried, and where that fails too the address stands in a selected field, to be copied by hand.

function field(root, href) {
  const input = root.querySelector("input");
  input.value = href;
  input.hidden = false;
  input.select();
  return input;
}

async function copy(root, href) {
  try {
    await navigator.clipboard.writeText(href);
    return true;
  } catch {
    return oldWay(root, href);
  }
}

function oldWay(root, href) {
  const input = field(root, href);
  const copied = document.execCommand("copy");
  input.hidden = copied;
  return copied;
}

export default function ({ data, parentElement }) {
  const [button, told] = [parentElement.querySelector("button"), parentElement.querySelector("[role=status]")];
  button.setAttribute("aria-label", data.label);
  button.title = data.label;
  const label = button.querySelector(".label");
  label.textContent = data.label;
  parentElement.querySelector("input").setAttribute("aria-label", data.by_hand);
  let back;
  button.onclick = async () => {
    const bare = !location.search && data.page;
    const copied = await copy(parentElement, bare ? `${location.href}?${data.page}` : location.href);
    told.textContent = copied ? data.copied : data.by_hand;
    label.textContent = copied ? data.copied : data.label;
    button.classList.toggle("copied", copied);
    if (copied) button.focus();
    clearTimeout(back);
    back = setTimeout(() => {
      label.textContent = data.label;
      told.textContent = "";
      button.classList.remove("copied");
    }, 2500);
  };
  const input = parentElement.querySelector("input");
  input.onblur = () => (input.hidden = true);
  return () => clearTimeout(back);
}
