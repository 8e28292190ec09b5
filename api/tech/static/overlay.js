// An order as the person sees it: what the server knew last, with what was recorded here since.

const TO = { start: "in_progress", resume: "in_progress", hold: "on_hold", complete: "completed", cannot_complete: "cannot_complete" };
const FROM = {
  start: ["open", "planned", "scheduled", "dispatched"],
  hold: ["dispatched", "in_progress"],
  resume: ["on_hold"],
  complete: ["in_progress"],
  cannot_complete: ["in_progress", "on_hold", "dispatched"],
};
const WITHOUT_EFFECT = new Set(["conflict", "refused", "kept"]);
export const ENDED = ["completed", "verified", "closed", "cancelled", "cannot_complete"];

/** The operations whose effect the order on the device does not show yet. */
const pending = (acts) => acts.filter((each) => !each.fetched && !each.dismissed && !each.problem && !WITHOUT_EFFECT.has(each.verdict));

/** Return an order with the effects of a person's own operations, and which steps of its life are possible. */
export function seen(row, acts) {
  const view = structuredClone(row);
  view.files = view.files || [];
  view.local = { photos: [], readings: [], notes: [], travelling: null, unsent: acts.filter((each) => each.state === "unsent").length };
  for (const each of pending(acts).sort((a, b) => a.place - b.place)) effect(view, each);
  view.kept = acts.filter((each) => each.verdict === "kept");
  view.asked = acts.filter((each) => each.state === "asked" || (each.state === "unsent" && each.problem));
  view.possible = Object.keys(FROM).filter((step) => FROM[step].includes(view.order.status));
  view.ended = ENDED.includes(view.order.status);
  return view;
}

function effect(view, each) {
  const { content } = each;
  const at = each.occurred_at;
  const done = (step, facts) => {
    const found = view.steps.find((one) => one.seq === step);
    if (found) Object.assign(found, facts);
  };
  if (each.kind === "move") {
    view.order.status = TO[content.step];
    view.order.status_since = at;
    view.local.travelling = null;
    if (content.step === "hold") view.order.hold_reason = content.waits_for;
  } else if (each.kind === "travel") view.local.travelling = at;
  else if (each.kind === "plan_step") {
    done(content.step, content.done === false ? { done_at: null, value: null } : { done_at: at, value: content.value ?? null, note: content.note || "" });
  } else if (each.kind === "remark") view.comments.push({ at, text: content.text, actor: "", own: true });
  else if (each.kind === "field") view.order[content.name] = content.value;
  else if (each.kind === "parts") used(view.parts, content);
  else if (each.kind === "hours") view.order.actual_hours = (view.order.actual_hours || 0) + content.hours;
  else if (each.kind === "reading") view.local.readings.push({ at, ...content });
  else if (each.kind === "photo" || each.kind === "signature") {
    if (content.step) done(content.step, { done_at: at, note: content.signed_by || content.note || "" });
    view.local.photos.push({ file: each.file, kind: each.kind, at });
  }
}

function used(parts, { part, used: count, unit }) {
  const found = parts.find((each) => each.part.toLowerCase() === part.toLowerCase());
  if (found) found.used = (found.used || 0) + count;
  else parts.push({ line: parts.length + 1, part, unit, needed: 0, used: count });
}

/** The moment at which the clocks of a time zone show a day and a time, as 2026-03-02T08:00. */
function moment(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  const shown = (at) => Date.parse(`${new Date(at).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T")}Z`);
  const near = wanted - (shown(wanted) - wanted);
  return new Date(near - (shown(near) - wanted));
}

/** How a permit's end, typed by the site's clock, is written in the note of its step. */
export function until(local, zone) {
  return `(until ${moment(local, zone).toISOString()})`;
}

const END = /\s*\(until ([^)]+)\)/;
const ends = (note) => Date.parse((END.exec(note || "") || [null, ""])[1]);

/** The note of a step, and when the permit in it ends; null: it does not. */
export function noted(note) {
  const end = ends(note);
  return Number.isNaN(end) ? { text: note || "", end: null } : { text: note.replace(END, ""), end };
}

/** Why work on an order may not begin or end now; empty: it may. Dates count here too, without a network. */
export function blocked(view, step, now = Date.now()) {
  const reasons = [];
  if (["start", "resume", "complete"].includes(step)) {
    for (const each of view.steps.filter((one) => one.kind === "permit")) {
      if (!each.done_at) reasons.push({ name: "permit_missing", of: each.instruction });
      else if (ends(each.note) <= now) reasons.push({ name: "permit_expired", of: each.instruction });
    }
  }
  if (["start", "resume"].includes(step)) {
    const today = new Intl.DateTimeFormat("sv-SE", { timeZone: view.time_zone, dateStyle: "short" }).format(now);
    for (const each of view.certificates || []) {
      if (!each.has) reasons.push({ name: "certificate_missing", of: each.name });
      else if (each.valid_until && each.valid_until < today) reasons.push({ name: "certificate_expired", of: each.name });
    }
  }
  if (step === "complete") {
    for (const each of view.steps) {
      if (each.mandatory && each.kind !== "permit" && !each.done_at) reasons.push({ name: "step_missing", of: each.instruction });
    }
  }
  return reasons;
}
