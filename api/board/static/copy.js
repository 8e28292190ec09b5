// Copies what a button names, where the browser allows it; else selects it, so that a key press copies it.
"use strict";
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = said("copied");
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = said("selected");
  }
});
