// Scanning: the camera where there is one, the browser's own reader of codes where it has one, and a typed code always.
import { complain, field, h } from "./dom.js";
import { say } from "./say.js";
import { views } from "./day.js";
import { ask, Refused, Unreachable } from "./sync.js";

const EVERY_MS = 250;

/** The reader of this browser, else our own; both return the text of a code in a picture, or null. */
async function reader() {
  if ("BarcodeDetector" in window) {
    const formats = await window.BarcodeDetector.getSupportedFormats();
    if (formats.includes("qr_code")) {
      const detector = new window.BarcodeDetector({ formats });
      return async (video) => {
        const [found] = await detector.detect(video);
        return found ? found.rawValue : null;
      };
    }
  }
  const { default: decode } = await import("./vendor/qr/decode.js");
  const canvas = document.createElement("canvas");
  return async (video) => {
    const factor = Math.min(1, 640 / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * factor);
    canvas.height = Math.round(video.videoHeight * factor);
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    ink.drawImage(video, 0, 0, canvas.width, canvas.height);
    try {
      return decode(ink.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return null;
    }
  };
}

/** Where a code leads in the app; null: the device does not know it. */
async function here(db, text) {
  const token = (text.match(/\/[qr]\/([\w-]+)/) || [null, null])[1];
  const plain = text.trim().toLowerCase();
  const all = await views(db);
  const of = (each) => each.asset && each.asset.code.toLowerCase() === plain;
  const found = all.find(of);
  if (found) return `/asset/${found.asset.id}`;
  const { assets = [] } = (await db.get("facts", "catalogue")) || {};
  const known = assets.find((each) => each.code.toLowerCase() === plain || (token && each.scan === token));
  if (known) return `/asset/${known.id}`;
  const order = all.find((each) => each.order.number.toLowerCase() === plain);
  return order ? `/order/${order.order.id}` : null;
}

/** Where a code leads by the server; null: nowhere that this person may see. */
async function there(text) {
  const token = (text.match(/\/[qr]\/([\w-]+)/) || [null, null])[1];
  if (token) {
    const answer = await fetch(`/q/${encodeURIComponent(token)}`, { headers: { Accept: "application/json" } }).catch(() => {
      throw new Unreachable("");
    });
    const [, kind, id] = new URL(answer.url).pathname.match(/^\/(assets|orders)\/([\w-]+)/) || [];
    return kind ? `/${kind === "assets" ? "asset" : "order"}/${id}` : null;
  }
  const found = await ask(`/api/v1/assets?q=${encodeURIComponent(text.trim())}`).catch((error) => {
    if (error instanceof Refused) return [];
    throw error;
  });
  const asset = (Array.isArray(found) ? found : []).find((each) => each.code.toLowerCase() === text.trim().toLowerCase());
  return asset ? `/asset/${asset.id}` : null;
}

/** The screen that scans. */
export async function scan(app) {
  const said = h("p", { class: "soft", role: "status" }, say("point_camera"));
  const video = h("video", { playsinline: true, muted: true, "aria-label": say("camera") });
  const typedCode = h("input", { autocomplete: "off", autocapitalize: "characters", maxlength: 300 });
  let stream = null;
  let timer = null;
  let over = false;
  const lead = async (text) => {
    let to = await here(app.db, text);
    if (!to) {
      try {
        to = await there(text);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        return say("code_offline");
      }
    }
    if (!to) return say("code_unknown", { code: text.slice(0, 60) });
    app.go(to);
    return "";
  };
  const look = async (read) => {
    if (over) return;
    const text = video.readyState >= 2 ? await read(video).catch(() => null) : null;
    if (text && !over) {
      const problem = await lead(text);
      if (problem) said.textContent = problem;
    }
    timer = setTimeout(() => void look(read), EVERY_MS);
  };
  const begin = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (over) return stream.getTracks().forEach((each) => each.stop());
      video.srcObject = stream;
      await video.play();
      await look(await reader());
    } catch {
      video.hidden = true;
      said.textContent = say("no_camera");
    }
    return null;
  };
  const form = h("form", { novalidate: true }, field(say("typed_code"), typedCode, say("typed_code_hint")), h("button", { class: "primary" }, say("open")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    app.later((async () => {
      const problem = typedCode.value.trim() ? await lead(typedCode.value) : say("write_code");
      if (problem) complain(form, problem);
    })());
  });
  void begin();
  const node = h("div", null, h("h1", null, say("scan")), h("section", { class: "card" }, video, said), h("section", { class: "card" }, form));
  const leave = () => {
    over = true;
    clearTimeout(timer);
    if (stream) stream.getTracks().forEach((each) => each.stop());
  };
  return { node, leave };
}
