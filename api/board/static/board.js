/* The page refreshes its live parts by itself, and never under the hands of somebody who is filling in a form. */
"use strict";
(() => {
  const EVERY_MS = 4000;
  const connection = document.getElementById("connection");
  const refreshed = document.getElementById("refreshed");
  // What the server last sent of each live part: this runs before the charts are drawn into them.
  const seen = new Map([...document.querySelectorAll("[data-live]")].map((part) => [part.id, part.outerHTML]));

  const changed = (field) => {
    if (field.type === "hidden" || field.type === "submit") return false;
    if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected && field.value !== "");
    return field.value !== field.defaultValue;
  };

  function inUse(part) {
    const focused = document.activeElement;
    if (part.contains(focused) && focused.matches("input, select, textarea")) return true;
    return [...part.querySelectorAll("input, select, textarea")].some(changed) || !!part.querySelector("details.fold[open]");
  }

  function swap(part, fresh) {
    if (part.dataset.stamp !== undefined && part.dataset.stamp === fresh.dataset.stamp) return;
    const open = [...part.querySelectorAll("details[id][open]")].map((details) => details.id);
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const href = focused && focused.getAttribute("href");
    part.replaceWith(fresh);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (href) fresh.querySelector(`[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
    window.drawCharts?.(fresh);
  }

  async function refresh() {
    let text;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.redirected) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      text = await answer.text();
      connection.hidden = true;
    } catch {
      connection.hidden = false;
      return;
    }
    const next = new DOMParser().parseFromString(text, "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = next.getElementById(part.id);
      if (!fresh || inUse(part)) continue;
      const html = fresh.outerHTML;
      if (seen.get(part.id) === html) continue;
      seen.set(part.id, html);
      swap(part, document.importNode(fresh, true));
    }
    refreshed.textContent = "· refreshes by itself";
  }

  let timer;
  function plan() {
    clearTimeout(timer);
    timer = setTimeout(async () => { if (!document.hidden) await refresh(); plan(); }, EVERY_MS);
  }

  if (document.querySelector("main [data-live]") && !document.querySelector("[role=alert]")) plan();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) plan(); });
  document.addEventListener("change", (event) => { event.target.closest("[data-filter]")?.requestSubmit(); });
  document.addEventListener("submit", (event) => {
    // A second click must not send the step twice.
    if (event.target.method === "post") for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("form button")) button.disabled = false;
  });
})();
