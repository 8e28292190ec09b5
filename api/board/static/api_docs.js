// The page of the API: shows what a word is found in, and opens the operation that an address names.
"use strict";
{
  const box = document.getElementById("api-filter");
  const input = box.querySelector("input");
  const count = box.querySelector("[role=status]");
  const operations = [...document.querySelectorAll(".operation")].map((part) => ({
    part, text: `${part.textContent} ${part.closest(".api-subject").querySelector("h2").textContent}`.toLowerCase(),
  }));

  function filter() {
    const sought = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { part, text } of operations) {
      part.hidden = !sought.every((word) => text.includes(word));
      found += part.hidden ? 0 : 1;
    }
    for (const subject of document.querySelectorAll(".api-subject")) {
      subject.hidden = !subject.querySelector(".operation:not([hidden])");
    }
    const facts = { found, all: operations.length };
    count.textContent = (sought.length ? box.dataset.found : box.dataset.all).replace(/\{(\w+)\}/g, (_, each) => facts[each]);
  }

  function open() {
    const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!part) return;
    if (part.hidden || part.closest("[hidden]")) {
      input.value = "";
      filter();
    }
    if (part.matches(".operation")) part.open = true;
    part.scrollIntoView();
  }

  input.addEventListener("input", filter);
  addEventListener("hashchange", open);
  box.hidden = false;
  filter();
  open();
}
