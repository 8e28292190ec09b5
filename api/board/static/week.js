/* A week: an order is dragged to somebody's day, and the server says at once whether it fits. Whoever cannot drag opens
   the order and moves it by its form; the server checks both alike. */
"use strict";
(() => {
  const REST_MS = 120, STEP = 15;
  let held = null, timer = 0, asked = 0;

  async function tell(where, address) {
    const mine = ++asked;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const said = found.getElementById("tried") ?? found.querySelector("main p");
      if (mine === asked && where.isConnected) where.replaceChildren(...(said ? [document.importNode(said, true)] : []));
    } catch {
      // Without the server nothing is said; it checks again when the order is moved.
    }
  }

  // On a scale of hours the time is where it was dropped, in quarters of an hour; on a week the first free time.
  function timeOf(cell, event) {
    if (!cell.dataset.hours) return "";
    const line = cell.querySelector(".line").getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - (held?.grip ?? 0) - line.left) / line.width, 0), 0.999);
    const minutes = Number(cell.dataset.first) * 60 + Math.round(share * Number(cell.dataset.hours) * 60 / STEP) * STEP;
    const two = (number) => String(number).padStart(2, "0");
    return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }

  // Of a crew only the one moves from whose row it was dragged.
  function peopleOf(cell) {
    const crew = held.people.map((each) => (each === held.from ? cell.dataset.person : each));
    return [...new Set(crew.length ? crew : [cell.dataset.person])];
  }

  // The places on a scale of hours, as numbers that the page may not write into its styles.
  function place(within) {
    for (const block of within.querySelectorAll("[data-left]")) {
      block.style.left = `${block.dataset.left}%`;
      block.style.width = `${block.dataset.wide}%`;
      block.parentElement.classList.add("placed");
    }
  }
  place(document);
  document.addEventListener("swapped", (event) => place(event.detail));

  const cellOf = (event) => event.target.closest?.("[data-editable] .cell[data-person]");

  document.addEventListener("dragstart", (event) => {
    const block = event.target.closest?.("[data-editable] [data-order]");
    if (!block) return;
    const { order, part, from = "", people = "" } = block.dataset;
    held = { order, part, from, people: people.split(" ").filter(Boolean), grip: event.clientX - block.getBoundingClientRect().left };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", order);
    block.classList.add("held");
  });
  document.addEventListener("dragend", () => {
    for (const each of document.querySelectorAll(".held, .here")) each.classList.remove("held", "here");
    clearTimeout(timer);
    held = null;
  });
  document.addEventListener("dragover", (event) => {
    const cell = held && cellOf(event);
    const out = held && held.from && event.target.closest?.("[data-editable] [data-out]");
    if (!cell && !out) return;
    event.preventDefault();
    const target = cell || out, time = cell ? timeOf(cell, event) : "";
    if (target.classList.contains("here") && held.time === time) return;
    for (const each of document.querySelectorAll(".here")) each.classList.remove("here");
    target.classList.add("here");
    held.time = time;
    clearTimeout(timer);
    if (!cell) return;
    const query = new URLSearchParams({ order: held.order, part: held.part, day: cell.dataset.day, time });
    for (const each of peopleOf(cell)) query.append("person", each);
    const board = cell.closest("[data-board]").dataset.board;
    timer = setTimeout(() => tell(document.getElementById("said"), `/week/${board}/try?${query}`), REST_MS);
  });
  document.addEventListener("drop", (event) => {
    const cell = held && cellOf(event), out = held && held.from && event.target.closest?.("[data-editable] [data-out]");
    const form = document.getElementById("drop");
    if ((!cell && !out) || !form) return;
    event.preventDefault();
    const board = (cell || out).closest("[data-board]").dataset.board;
    form.action = `/week/${board}/orders/${held.order}/${cell ? "move" : "take-out"}`;
    form.elements.part.value = held.part;
    if (cell) {
      form.elements.day.value = cell.dataset.day;
      form.elements.time.value = timeOf(cell, event);
      const [first, ...rest] = peopleOf(cell);
      form.elements.person.value = first;
      for (const each of rest) form.insertAdjacentHTML("beforeend", '<input type="hidden" name="person">'), form.lastElementChild.value = each;
    }
    form.requestSubmit();
  });

  // The form of one order says the same while it is filled in.
  const form = document.querySelector("form[data-try]");
  form?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const query = new URLSearchParams({ order: form.querySelector("[name=order]").value });
      for (const [name, value] of new FormData(form)) if (["person", "day", "time", "part"].includes(name)) query.append(name, value);
      if (query.get("person")) tell(form.querySelector("[data-said]"), `${form.dataset.try}?${query}`);
    }, REST_MS);
  });
})();
