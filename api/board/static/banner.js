/* The messages at the top of the page: asked for when something has happened, and now and then because some are held
   back for a while. What somebody is about to press stays where it is. */
"use strict";
(() => {
  const REST_MS = 5000, PAUSE_MS = 30000, MOMENT_MS = 2000;
  const banner = document.getElementById("banner");
  if (!banner?.dataset.person) return;
  let due = null, asked = Date.now(), version = "";

  async function ask() {
    due = null;
    if (document.hidden) return;
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

  document.addEventListener("heard", () => soon(MOMENT_MS));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(0); });
  setInterval(() => { if (!document.hidden) soon(0); }, PAUSE_MS);
})();
