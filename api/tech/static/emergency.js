// Emergencies: heard of at once by the stream of events while there is a network, with a sound until somebody has seen them.
import { h } from "./dom.js";
import { moment, say, sentence } from "./say.js";
import { views } from "./day.js";

const AT_MOST_EVERY_MS = 1_000;
const POLLED_EVERY_MS = 20_000;
const ESCALATED = "escalation";

/** Exchange as soon as the stream says that something has changed; without a stream, every so often. */
export function follow(app) {
  let source = null;
  let timer = null;
  let polled = null;
  let stopped = false;
  const soon = () => {
    if (timer || stopped) return;
    timer = setTimeout(() => {
      timer = null;
      void app.sync.soon();
    }, AT_MOST_EVERY_MS);
  };
  const begin = () => {
    if (stopped || source || !navigator.onLine) return;
    source = new EventSource(`/api/v1/events?brief=true&of=order&of=${ESCALATED}&of=schedule`);
    source.onmessage = soon;
    source.addEventListener("banner", soon);
    source.onopen = soon;
    source.onerror = () => {
      if (source && source.readyState === EventSource.CLOSED) {
        source = null;
        clearTimeout(polled);
        polled = setTimeout(() => {
          soon();
          begin();
        }, POLLED_EVERY_MS);
      }
    };
  };
  const online = () => begin();
  const offline = () => {
    if (source) source.close();
    source = null;
  };
  addEventListener("online", online);
  addEventListener("offline", offline);
  begin();
  return {
    stop() {
      stopped = true;
      offline();
      clearTimeout(timer);
      clearTimeout(polled);
      removeEventListener("online", online);
      removeEventListener("offline", offline);
      quiet();
    },
  };
}

let sounding = null;
let shown = null;

/** Two tones again and again: heard in a hall, and no file to fetch. */
function sound() {
  if (sounding || !window.AudioContext) return;
  const context = new AudioContext();
  const beep = () => {
    // A browser lets a page sound once somebody has touched it; until then nothing is queued.
    if (context.state !== "running") return void context.resume();
    for (const [place, pitch] of [880, 660].entries()) {
      const tone = context.createOscillator();
      const loud = context.createGain();
      tone.type = "square";
      tone.frequency.value = pitch;
      loud.gain.value = 0.25;
      tone.connect(loud).connect(context.destination);
      tone.start(context.currentTime + place * 0.3);
      tone.stop(context.currentTime + place * 0.3 + 0.25);
    }
    if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) navigator.vibrate([300, 100, 300]);
  };
  beep();
  sounding = { context, timer: setInterval(beep, 1500) };
}

function quiet() {
  if (sounding) {
    clearInterval(sounding.timer);
    void sounding.context.close();
  }
  sounding = null;
  if (shown) shown.remove();
  shown = null;
}

const isOpen = (view) => !view.ended && !view.gone && view.order.status !== "in_progress" && !view.heard;

/** Show the emergencies that nobody has acknowledged here, one at a time. */
export async function alarm(app) {
  const acknowledged = new Set((await app.db.getAll("operations")).filter((each) => each.kind === "acknowledge").map((each) => each.content.escalation));
  const found = (await views(app.db)).find((each) => isOpen(each) && (each.order.priority === 1 || each.escalation) && !acknowledged.has(each.escalation));
  if (!found) return quiet();
  if (shown && shown.dataset.order === found.order.id) return null;
  quiet();
  const accept = async () => {
    if (found.escalation && !(await app.act({ kind: "acknowledge", content: { escalation: found.escalation } }, "acknowledged"))) return;
    const row = await app.db.get("orders", found.order.id);
    if (row) await app.db.put("orders", { ...row, heard: Date.now() });
    quiet();
    app.go(`/order/${found.order.id}`);
    await alarm(app);
  };
  const button = h("button", { type: "button", class: "primary wide", onclick: () => app.later(accept()) }, say("acknowledge"));
  shown = h("dialog", { class: "emergency", "aria-labelledby": "emergency-title", "data-order": found.order.id },
    h("h2", { id: "emergency-title" }, say("emergency")),
    h("p", null, h("b", null, sentence(found.order.title))),
    h("p", null, `${found.order.number} · ${found.order.asset_path}`),
    h("p", { class: "soft" }, moment(found.order.opened_at, found.time_zone)),
    button,
  );
  shown.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(shown);
  shown.showModal();
  button.focus();
  sound();
  return null;
}
