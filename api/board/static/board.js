/* The page refreshes its live parts by itself, and never under the hands of somebody who is filling in a form.

   It asks when something has happened that it shows (data-follows, from the stream of events), now and then for what no
   event tells (data-every, seconds), and slowly where the stream is down. It asks with the version that it has (ETag) and with what it has drawn (X-Have), so that nothing is sent twice.
   Spans of time are counted on here, by the server's clock. */
"use strict";
(() => {
  const SPREAD_MS = 1000, REST_MS = 5000, DOWN_MS = 10000, SELDOM_MS = 300000, COUNT_MS = 15000, PATIENCE_MS = 60000;
  const connection = document.getElementById("connection");
  const refreshed = document.getElementById("refreshed");
  // What the server last sent of each live part: this runs before the charts are drawn into them.
  const seen = new Map([...document.querySelectorAll("[data-live]")].map((part) => [part.id, said(part)]));
  const ahead = Date.parse(document.body.dataset.now || "") - Date.now() || 0;
  const followed = (page) => (page.body.dataset.follows || "").split(" ");
  let follows = followed(document);
  const seconds = (page) => Number(page.body.dataset.every) * 1000 || SELDOM_MS;
  let every = seconds(document);
  let version = null, latest = null, up = false, due = null, asked = 0, wanted = false;

  // What a part says, without the tokens of its forms and the spans of time, which differ each time.
  function said(part) {
    return part.outerHTML.replace(/(name="(?:csrf|once)" value=")[^"]*/g, "$1").replace(/(<span data-(?:age|due)="[^"]*">)[^<]*/g, "$1");
  }

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

  function span(ms) {
    const minutes = Math.floor(ms / 60000), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    const facts = { days, hours: days ? hours % 24 : hours, minutes: hours ? minutes % 60 : minutes };
    if (minutes < 1) return window.said("moment");
    if (days) return window.said(days < 10 && facts.hours ? "dh" : "d", facts);
    if (hours) return window.said(facts.minutes && hours < 10 ? "hm" : "h", facts);
    return window.said("m", facts);
  }

  function count() {
    const now = Date.now() + ahead;
    for (const each of document.querySelectorAll("[data-age]")) each.textContent = span(now - Date.parse(each.dataset.age));
    for (const each of document.querySelectorAll("[data-due]")) {
      const left = Date.parse(each.dataset.due) - now;
      each.textContent = window.said(left > 0 ? "in" : "overdue", { span: span(Math.abs(left)) });
    }
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
    document.dispatchEvent(new CustomEvent("swapped", { detail: fresh }));
  }

  async function refresh() {
    let text;
    const headers = { Accept: "text/html", "X-Refresh": "live" };
    if (version) headers["If-None-Match"] = version;
    const have = [...document.querySelectorAll("[data-live][data-stamp]")].map((part) => `${part.id}=${part.dataset.stamp}`);
    if (have.length) headers["X-Have"] = have.join(",");
    let answer;
    try {
      answer = await fetch(location.href, { headers, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.redirected) { location.reload(); return; }
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error(String(answer.status));
        text = await answer.text();
      }
      connection.hidden = true;
    } catch {
      connection.hidden = false;
      return;
    }
    if (text !== undefined) {
      latest = new DOMParser().parseFromString(text, "text/html");
      version = answer.headers.get("etag");
      every = seconds(latest);
      follows = followed(latest);
    }
    if (latest) show(latest);
  }

  // What is in somebody's hands is shown as soon as they have let go of it.
  function show(next) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = next.getElementById(part.id);
      if (!fresh || inUse(part)) continue;
      const html = said(fresh);
      if (seen.get(part.id) === html) continue;
      seen.set(part.id, html);
      swap(part, document.importNode(fresh, true));
    }
    count();
  }

  // Asks once, after a moment that differs from page to page, so that not all ask at the same time; what happens in
  // quick succession is asked for together.
  function soon(ms, idle = false) {
    const at = Math.max(Date.now() + ms, asked + REST_MS);
    if (due !== null && due.at <= at) return;
    clearTimeout(due?.timer);
    due = { at, idle, timer: setTimeout(ask, at - Date.now()) };
  }

  async function ask() {
    due = null;
    if (document.hidden) { wanted = true; return; }
    wanted = false;
    asked = Date.now();
    await refresh();
    asked = Date.now();
    soon(pause(), true);
  }

  // Until the stream is known to be there, as behind a proxy that keeps it back, the page asks by itself.
  function pause() { return (up ? every : Math.min(every, DOWN_MS)) * (0.9 + Math.random() * 0.2); }

  function concerns(event) { return event.altered.some((each) => follows.includes(each)); }

  function hear(news) {
    // What was made between the page's rendering and the start of the stream, no news says: the banner is asked for once.
    if (news.banner || (news.up && (!up || !connection.hidden))) document.dispatchEvent(new Event("banner"));
    if (news.up && !up) {
      up = true;
      if (due?.idle) { clearTimeout(due.timer); due = null; soon(pause(), true); }
      if (!connection.hidden) soon(0);
    }
    if (news.down) { up = false; soon(Math.random() * SPREAD_MS); }
    if (news.stale || (news.event && concerns(news.event))) soon(Math.random() * SPREAD_MS);
  }

  if (document.querySelector("main [data-live]") && !document.querySelector("main .problem[role=alert]")) {
    refreshed.textContent = window.said("refreshes");
    soon(pause(), true);
    window.hearEvents(Number(document.body.dataset.events), hear);
  }
  if (document.querySelector("[data-age], [data-due]")) setInterval(() => { if (!document.hidden) count(); }, COUNT_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { count(); if (wanted) soon(0); } });
  document.addEventListener("change", (event) => { event.target.closest("[data-filter]")?.requestSubmit(); });
  document.addEventListener("submit", (event) => {
    // A second click must not send the step twice.
    if (event.target.method === "post") for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("form button")) button.disabled = false;
  });
})();
