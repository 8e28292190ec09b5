/* The messages at the top of the page: asked for when the stream says that they have changed. What somebody is about to
   press stays where it is. */
"use strict";
(() => {
  // A page without live parts has no stream, so every page asks now and then.
  const REST_MS = 5000, SPREAD_MS = 1000, SELDOM_MS = 300000;
  const banner = document.getElementById("banner");
  if (!banner?.dataset.person) return;
  let due = null, asked = Date.now(), version = "", wanted = false;

  async function ask() {
    due = null;
    wanted = document.hidden;
    if (wanted) return;
    asked = Date.now();
    try {
      const headers = version ? { "If-None-Match": version } : {};
      const answer = await fetch("/notifications/banner", { headers, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      version = answer.headers.get("etag") ?? "";
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("banner-now");
      const until = (part) => part?.querySelector("input[name=until]")?.value;
      if (fresh && until(fresh) !== until(banner) && !banner.contains(document.activeElement)) banner.replaceChildren(...fresh.childNodes);
    } catch { /* The page says itself that the connection is lost. */ }
  }

  function soon(ms) {
    if (due === null) due = setTimeout(ask, Math.max(ms, asked + REST_MS - Date.now()));
  }

  document.addEventListener("banner", () => soon(Math.random() * SPREAD_MS));
  document.addEventListener("visibilitychange", () => { if (!document.hidden && (wanted || Date.now() - asked > SELDOM_MS)) soon(0); });
  setInterval(() => soon(0), SELDOM_MS * (0.9 + Math.random() * 0.2));
})();
