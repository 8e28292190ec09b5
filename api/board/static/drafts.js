/* What is typed into a form is kept in this tab until it has been sent and accepted: a refused form, another form of the
   page, a page that is loaded again and a lost connection cost nobody their words. */
"use strict";
(() => {
  const key = (form) => `draft ${form.dataset.draft}`;
  const fields = (form) => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type) && field.tagName !== "BUTTON");
  const isChoice = (field) => field.type === "radio" || field.type === "checkbox";
  const byDefault = (field) => {
    if (isChoice(field)) return field.checked === field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].every((option) => option.selected === option.defaultSelected) || field.selectedIndex === 0;
    return field.value === field.defaultValue;
  };

  function read(form) {
    try { return JSON.parse(sessionStorage.getItem(key(form))); } catch { return null; }
  }

  function keep(form, sent) {
    const typed = {};
    for (const field of fields(form)) {
      if (isChoice(field)) { if (field.checked) (typed[field.name] ??= []).push(field.value); } else typed[field.name] = field.value;
    }
    const empty = fields(form).every(byDefault);
    try {
      if (empty && !sent) sessionStorage.removeItem(key(form));
      else sessionStorage.setItem(key(form), JSON.stringify({ typed, sent }));
    } catch { /* a full or forbidden store keeps nothing; the form still works */ }
  }

  function restore(form) {
    const kept = read(form);
    if (!kept) return;
    let any = false;
    for (const field of fields(form)) {
      const value = kept.typed[field.name];
      if (value === undefined || !byDefault(field)) continue;
      if (isChoice(field)) field.checked = value.includes(field.value);
      else if (field.value !== value) field.value = value;
      any ||= !byDefault(field);
    }
    if (!any || form.querySelector(".kept-note")) return;
    for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    for (const fold of form.querySelectorAll("details")) if (fields(form).some((field) => fold.contains(field) && !byDefault(field))) fold.open = true;
    const note = document.createElement("p"), drop = document.createElement("button");
    note.className = "kept-note soft";
    note.textContent = "Typed before, and not sent yet. ";
    drop.type = "button";
    drop.className = "quiet";
    drop.textContent = "Discard";
    drop.addEventListener("click", () => { sessionStorage.removeItem(key(form)); form.reset(); note.remove(); });
    note.append(drop);
    form.prepend(note);
  }

  const forms = (within) => within.querySelectorAll("form[data-draft]");
  const refused = document.querySelector("main .problem[role=alert]");
  const came = performance.getEntriesByType("navigation")[0]?.type;

  // A form that was sent and led here, to a page that refuses nothing, has been accepted; a refused one waits again.
  for (const name of Object.keys(sessionStorage)) {
    if (!name.startsWith("draft ")) continue;
    try {
      const kept = JSON.parse(sessionStorage.getItem(name));
      if (!kept.sent) continue;
      if (refused) sessionStorage.setItem(name, JSON.stringify({ ...kept, sent: false }));
      else if (came === "navigate") sessionStorage.removeItem(name);
    } catch { sessionStorage.removeItem(name); }
  }
  for (const form of forms(document)) restore(form);
  document.addEventListener("swapped", (event) => { for (const form of forms(event.detail)) restore(form); });

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest?.("form[data-draft]");
      if (form) keep(form, false);
    });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.draft) keep(form, navigator.onLine);
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const connection = document.getElementById("connection");
    connection.textContent = "Not sent: there is no connection. What you typed is kept; send it again when there is one.";
    connection.hidden = false;
  }, true);
})();
