/* One stream of events for all pages that a browser has open: a shared worker keeps it, because a browser allows six
   connections to a server, and ten tabs would need ten. Where there are no shared workers, as on some phones, the page
   that is looked at keeps one of its own.

   A page hears {up}, {down}, {event} and {stale}: something may have been missed, so look once. */
"use strict";
(() => {
  // Who only passes a page on the way to another opens nothing for it.
  const KEPT = 200, AGAIN_MS = 30000, SETTLED_MS = 1500;

  // Follows the list of events behind an id, for as long as it runs, and says what happens.
  function follow(after, say) {
    let source = null, last = after, timer = null, open = true;
    function connect() {
      source = new EventSource("/api/v1/events?brief=true" + (last ? `&after=${last}` : ""));
      source.addEventListener("ready", (ready) => {
        if (!last) { last = Number(ready.lastEventId); say({ stale: true }); }
        say({ up: true });
      });
      source.addEventListener("lost", () => say({ stale: true }));
      source.addEventListener("notice", () => say({ stale: true }));
      source.addEventListener("banner", () => say({ banner: true }));
      source.onmessage = (message) => { last = Number(message.lastEventId); say({ event: JSON.parse(message.data) }); };
      source.onerror = () => {
        say({ down: true });
        // Refused, as after signing out: the browser does not try again by itself, and the id may be of before.
        if (source.readyState === EventSource.CLOSED && open) { source.close(); timer = setTimeout(connect, AGAIN_MS * (0.8 + Math.random() * 0.4)); }
      };
    }
    connect();
    return () => { open = false; clearTimeout(timer); source.close(); };
  }

  function share() {
    const ports = new Set(), lately = [];
    let begun = null, up = false;
    function say(news) {
      if (news.up || news.down) up = !!news.up;
      if (news.event) { lately.push(news.event); if (lately.length > KEPT) lately.shift(); }
      for (const port of ports) port.postMessage(news);
    }
    self.onconnect = (joined) => {
      const port = joined.ports[0];
      port.onmessage = ({ data }) => {
        if (data.bye) { ports.delete(port); port.close(); return; }
        ports.add(port);
        if (begun === null) { begun = data.after; follow(data.after, say); return; }
        // What happened between the page's making and now; where that is not known, the page looks once.
        const from = lately.length === KEPT ? lately[0].id : begun;
        if (!data.after || !from || data.after < from) port.postMessage({ stale: true });
        else for (const event of lately) if (event.id > data.after) port.postMessage({ event });
        port.postMessage(up ? { up: true } : { down: true });
      };
    };
  }

  if (typeof SharedWorkerGlobalScope !== "undefined" && self instanceof SharedWorkerGlobalScope) { share(); return; }

  // Lets a page hear of what happens, from the event on that it was made after (0: not known).
  window.hearEvents = (after, say) => {
    let leave = null, latest = after;
    function noting(news) { if (news.event) latest = Math.max(latest, news.event.id); say(news); }
    function shared() {
      const worker = new SharedWorker(document.querySelector("script[data-events]").src + "?worker", "plantwright events");
      worker.onerror = () => { leave = alone(); };
      worker.port.onmessage = ({ data }) => noting(data);
      worker.port.postMessage({ after: latest });
      return () => worker.port.postMessage({ bye: true });
    }
    function alone() { return document.hidden ? null : follow(latest, noting); }
    const sharing = typeof SharedWorker !== "undefined";
    let timer = null;
    const begin = () => { timer = setTimeout(() => { leave ??= sharing ? shared() : alone(); }, SETTLED_MS); };
    const end = () => { clearTimeout(timer); leave?.(); leave = null; };
    begin();
    addEventListener("pagehide", end);
    addEventListener("pageshow", (event) => { if (event.persisted) begin(); });
    if (!sharing) document.addEventListener("visibilitychange", () => { if (document.hidden) end(); else begin(); });
  };
})();
