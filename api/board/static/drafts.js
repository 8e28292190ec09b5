/* What is typed into a form is kept in this tab until it has been sent and accepted: a refused form, another form of the
   page, a page that is loaded again and a lost connection cost nobody their words. Every form in which something is
   typed is kept, by its address and its hidden fields, but for one with a password. Signing out clears all of it.
   Whoever goes back to a form that was accepted finds it empty, so that nothing is sent twice by accident. */
"use strict";
(() => {
  const TOKENS = ["csrf", "once", "version", "new"], PICKED = ["hidden", "file", "submit", "button", "radio", "checkbox"];
  const isTyped = (field) => field.name && (field.tagName === "TEXTAREA" || (field.tagName === "INPUT" && !PICKED.includes(field.type)));
  const isKept = (form) => form.method === "post" && [...form.elements].some(isTyped) && !form.querySelector("input[type=password]");
  const key = (form) => {
    const hidden = [...form.elements].filter((field) => field.type === "hidden" && !TOKENS.includes(field.name));
    return ["draft", form.getAttribute("action"), ...hidden.map((field) => `${field.name}=${field.value}`)].join(" ");
  };
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
      else sessionStorage.setItem(key(form), JSON.stringify({ typed, sent, from: location.href }));
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
    const note = noted(form, `${said("typed")} `), drop = document.createElement("button");
    drop.type = "button";
    drop.className = "quiet";
    drop.textContent = said("discard");
    drop.addEventListener("click", () => { sessionStorage.removeItem(key(form)); form.reset(); note.remove(); });
    note.append(drop);
  }

  function noted(form, text) {
    const note = document.createElement("p");
    note.className = "kept-note soft";
    note.textContent = text;
    form.prepend(note);
    return note;
  }

  const forms = (within) => [...within.querySelectorAll("form")].filter(isKept);
  const refused = document.querySelector("main .problem[role=alert]");
  const came = performance.getEntriesByType("navigation")[0]?.type;

  // A form that was sent and led here, to a page that refuses nothing, has been accepted; one that was refused, or whose
  // answer never came, waits again.
  for (const name of Object.keys(sessionStorage)) {
    if (!name.startsWith("draft ")) continue;
    try {
      const kept = JSON.parse(sessionStorage.getItem(name));
      if (!kept.sent) continue;
      const accepted = !refused && came === "navigate" && document.referrer === kept.from.split("#")[0];
      if (accepted) {
        sessionStorage.removeItem(name);
        sessionStorage.setItem(`accepted ${name}`, kept.from.split("#")[0]);
      }
      else sessionStorage.setItem(name, JSON.stringify({ ...kept, sent: false }));
    } catch { sessionStorage.removeItem(name); }
  }
  for (const form of forms(document)) restore(form);
  document.addEventListener("swapped", (event) => { for (const form of forms(event.detail)) restore(form); });

  let shown = false;
  addEventListener("pageshow", (event) => {
    shown = true;
    if (!event.persisted && came !== "back_forward") return;
    for (const form of forms(document)) {
      if (sessionStorage.getItem(`accepted ${key(form)}`) !== location.href.split("#")[0] || fields(form).every(byDefault)) continue;
      form.reset();
      noted(form, said("sent"));
    }
  });

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest?.("form");
      // What the browser fills in while it goes back was not typed now.
      if (!shown || !form || !isKept(form)) return;
      sessionStorage.removeItem(`accepted ${key(form)}`);
      keep(form, false);
    });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (isKept(form)) keep(form, navigator.onLine);
    if (navigator.onLine) {
      if (form.getAttribute("action") !== "/logout") return;
      for (const name of Object.keys(sessionStorage)) if (/^(accepted )?draft /.test(name)) sessionStorage.removeItem(name);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const connection = document.getElementById("connection");
    connection.textContent = said("offline");
    connection.hidden = false;
  }, true);
})();
