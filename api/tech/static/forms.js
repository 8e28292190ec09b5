// The forms of an order: each a screen of its own, so that nothing else redraws while somebody types.
import SignaturePad from "./vendor/signature_pad/signature_pad.min.js";
import { choice, complain, field, h } from "./dom.js";
import { viewOf } from "./order.js";
import { scaled } from "./photos.js";
import { code, coded, number, say, typed } from "./say.js";
import { fullness } from "./store.js";

const FULL = 0.95;

/** A form that records an act and leads back to its order. */
function form(app, id, title, content, read, { wide = null } = {}) {
  const made = h("form", { novalidate: true });
  const submit = async (event) => {
    event.preventDefault();
    const fact = await read(made);
    if (typeof fact === "string") return complain(made, fact);
    if (!fact) return null;
    if (await app.act({ order: id, ...fact })) {
      made.reset();
      app.go(`/order/${id}`);
    }
    return null;
  };
  made.addEventListener("submit", (event) => app.later(submit(event)));
  made.append(...content.filter(Boolean), h("div", { class: "buttons" }, h("button", { class: "primary" }, say("save")), app.link(`/order/${id}`, say("back"))));
  return h("div", null, h("h1", null, title), wide, h("section", { class: "card" }, made));
}

const area = (properties) => h("textarea", { rows: 3, maxlength: 2000, ...properties });
const numeric = (properties) => h("input", { inputmode: "decimal", autocomplete: "off", ...properties });

const FORMS = {
  hold: (app, view) => {
    const waits = choice(coded("hold_reasons"), "parts");
    const reason = area();
    return form(app, view.order.id, say("do_hold"), [field(say("waits_for"), waits), field(say("reason"), reason)], () =>
      reason.value.trim() ? { kind: "move", content: { step: "hold", waits_for: waits.value, reason: reason.value.trim() } } : say("reason_needed"));
  },
  cannot: (app, view) => {
    const reason = area();
    return form(app, view.order.id, say("do_cannot"), [field(say("reason"), reason)], () =>
      reason.value.trim() ? { kind: "move", content: { step: "cannot_complete", reason: reason.value.trim() } } : say("reason_needed"));
  },
  note: (app, view) => {
    const text = area({ maxlength: 4000, rows: 5 });
    return form(app, view.order.id, say("add_note"), [field(say("note"), text)], () => (text.value.trim() ? { kind: "remark", content: { text: text.value.trim() } } : say("write_something")));
  },
  hours: (app, view) => {
    const hours = numeric();
    return form(app, view.order.id, say("add_hours"), [field(say("hours"), hours, view.order.actual_hours ? say("worked", { hours: number(view.order.actual_hours) }) : "")], () => {
      const value = typed(hours.value);
      return value > 0 && value <= 1000 ? { kind: "hours", content: { hours: value } } : say("write_hours");
    });
  },
  hours_field: (app, view) => {
    const before = view.order.estimated_hours;
    const hours = numeric({ value: before === null ? "" : String(before) });
    return form(app, view.order.id, say("change_estimate"), [field(say("estimated_hours"), hours)], () => {
      const value = typed(hours.value);
      if (!(value >= 0 && value <= 100_000)) return say("write_number");
      return { kind: "field", content: { name: "estimated_hours", base: before, value } };
    });
  },
  parts: (app, view) => amount(app, view, "parts", say("add_parts"), say("used_count")),
  need: (app, view) => amount(app, view, "need", say("add_need"), say("needed_count")),
  reading: (app, view) => {
    const names = (view.readings || []).map((each) => each.signal);
    const signal = h("input", { list: "signals", autocomplete: "off", autocapitalize: "none", maxlength: 200 });
    const value = numeric();
    const unit = h("input", { autocomplete: "off", maxlength: 40 });
    const tell = h("p", { class: "over", "aria-live": "polite" });
    const check = () => {
      const of = (view.readings || []).find((each) => each.signal === signal.value.trim());
      const read = typed(value.value);
      const low = of ? of.plausible_low : null;
      const high = of ? of.plausible_high : null;
      const wrong = (low !== null && read < low) || (high !== null && read > high);
      tell.textContent = wrong ? say("outside_limits", { limits: `${low ?? ""}–${high ?? ""} ${of.unit}` }) : "";
      if (of && !unit.value) unit.value = of.unit;
    };
    for (const each of [signal, value]) each.addEventListener("input", check);
    return form(app, view.order.id, say("add_reading"), [h("datalist", { id: "signals" }, names.map((each) => h("option", { value: each }))), field(say("signal"), signal), field(say("value"), value), field(say("unit"), unit), tell], () => {
      const read = typed(value.value);
      if (!signal.value.trim()) return say("write_signal");
      return Number.isNaN(read) ? say("write_number") : { kind: "reading", content: { signal: signal.value.trim(), value: read, unit: unit.value.trim() } };
    });
  },
  photo: (app, view, step) => {
    const chosen = h("input", { type: "file", accept: "image/*,.heic,.heif", capture: "environment" });
    const note = h("input", { maxlength: 500, autocomplete: "off" });
    const shown = h("div", { class: "preview" });
    let file = null;
    chosen.addEventListener("change", () => app.later((async () => {
      file = chosen.files[0] ? await scaled(chosen.files[0]) : null;
      shown.replaceChildren();
      if (file && file.readable) {
        const address = URL.createObjectURL(new Blob([file.bytes], { type: file.type }));
        shown.append(h("img", { src: address, alt: say("photo"), onload: () => URL.revokeObjectURL(address) }));
      } else if (file) shown.append(h("p", { class: "soft" }, say("photo_as_it_is")));
    })()));
    return form(app, view.order.id, say("add_photo"), [field(say("photo"), chosen), shown, field(say("note"), note)], async () => {
      if (!file) return say("choose_photo");
      const full = await fullness();
      if (full !== null && full > FULL) return say("store_full");
      const { readable, ...kept } = file;
      return { kind: "photo", content: { note: note.value.trim(), ...(step ? { step: Number(step) } : {}) }, file: kept };
    });
  },
  signature: (app, view, step) => signature(app, view, step),
  follow: (app, view) => {
    const title = h("input", { maxlength: 200, autocomplete: "off" });
    const why = area();
    return form(app, view.order.id, say("add_follow"), [field(say("title"), title), field(say("why_needed"), why)], () => (title.value.trim() ? { kind: "follow_up", content: { title: title.value.trim(), why: why.value.trim() } } : say("title_needed")));
  },
};

async function amount(app, view, kind, title, label) {
  const { items = [] } = (await app.db.get("facts", "catalogue")) || {};
  const names = [...view.parts.map((each) => [each.part, each.unit]), ...items.map((each) => [each.name, each.unit])];

  const part = h("input", { list: "parts", autocomplete: "off", maxlength: 200 });
  const count = numeric();
  const unit = h("input", { value: "pcs", autocomplete: "off", maxlength: 40 });
  part.addEventListener("input", () => {
    const of = names.find(([name]) => name === part.value);
    if (of) [, unit.value] = of;
  });
  return form(app, view.order.id, title, [h("datalist", { id: "parts" }, names.map(([name]) => h("option", { value: name }))), field(say("part"), part), field(label, count), field(say("unit"), unit)], () => {
    const value = typed(count.value);
    if (!part.value.trim()) return say("write_part");
    if (!(value > 0 && value <= 1_000_000)) return say("write_number");
    return { kind, content: { part: part.value.trim(), [kind === "need" ? "needed" : "used"]: value, unit: unit.value.trim() || "pcs" } };
  });
}

function signature(app, view, step) {
  const name = h("input", { autocomplete: "off", maxlength: 200 });
  const canvas = h("canvas", { width: 600, height: 240, "aria-label": say("signature_here"), role: "img", "data-stays": true });
  const pad = new SignaturePad(canvas, { backgroundColor: "#ffffff", penColor: "#14212b" });
  const fit = () => {
    const drawn = pad.toData();
    const scale = Math.max(devicePixelRatio || 1, 1);
    canvas.width = canvas.offsetWidth * scale;
    canvas.height = canvas.offsetHeight * scale;
    canvas.getContext("2d").scale(scale, scale);
    pad.clear();
    pad.fromData(drawn);
  };
  addEventListener("resize", fit);
  requestAnimationFrame(fit);
  const node = form(app, view.order.id, say("add_signature"), [field(say("signed_by"), name), h("p", { class: "soft" }, say("signature_here")), canvas, h("button", { type: "button", onclick: () => pad.clear() }, say("clear"))], async () => {
    const signed = name.value.trim();
    if (!signed) return say("name_needed");
    if (pad.isEmpty()) written(canvas, signed);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const file = { name: "signature.png", type: "image/png", bytes: await blob.arrayBuffer() };
    return { kind: "signature", content: { signed_by: signed, ...(step ? { step: Number(step) } : {}) }, file };
  });
  return { node, leave: () => { pad.off(); removeEventListener("resize", fit); } };
}

/** Without a pointer, or a hand to draw with: the name as it was typed. */
function written(canvas, name) {
  const ink = canvas.getContext("2d");
  ink.fillStyle = "#14212b";
  ink.font = "italic 28px serif";
  ink.fillText(name, 16, canvas.offsetHeight / 2, canvas.offsetWidth - 32);
}

/** The screen of a form. */
export async function forms(app, name, id, step) {
  const view = await viewOf(app.db, id);
  if (!view || !FORMS[name]) return h("div", null, h("h1", null, say("not_here")), app.link("/day", say("today")));
  return FORMS[name](app, view, step);
}
