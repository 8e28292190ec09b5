// Elements made from data: text is always text, never markup.

/** Make an element. Properties: `class`, `on…` listeners, `data-…`, and attributes; null and false leave one out. */
export function h(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value") made.value = value;
    else if (name === "checked") made.checked = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  add(made, children);
  return made;
}

function add(to, children) {
  for (const each of children) {
    if (Array.isArray(each)) add(to, each);
    else if (each instanceof Node) to.append(each);
    else if (each !== null && each !== undefined && each !== false) to.append(String(each));
  }
}

/** Put children in the place of all that an element has. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

let fields = 0;

/** A field with its label; `hint` is read with it. */
export function field(label, input, hint) {
  input.id = input.id || `f${(fields += 1)}`;
  const said = hint ? h("p", { class: "soft", id: `${input.id}-hint` }, hint) : null;
  if (said) input.setAttribute("aria-describedby", said.id);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, said);
}

/** A select field of pairs of value and words. */
export function choice(pairs, chosen, properties) {
  return h("select", properties, pairs.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
}

/** Show a problem at a form, and read it out. */
export function complain(form, text) {
  let said = form.querySelector(".problem");
  if (!said) {
    said = h("p", { class: "problem", role: "alert" });
    form.append(said);
  }
  said.textContent = text;
  said.scrollIntoView({ block: "nearest" });
}
