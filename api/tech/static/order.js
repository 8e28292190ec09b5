// One order: what to do, why it exists, and every act of the work.
import { h } from "./dom.js";
import { blocked, noted, seen, until } from "./overlay.js";
import { chart } from "./chart.js";
import { calendar, clock, code, counted, full, moment, number, say, sentence, size, typed } from "./say.js";
import { visit, when } from "./day.js";

export async function viewOf(db, id) {
  const row = await db.get("orders", id);
  return row ? seen(row, await db.getAllFromIndex("operations", "order", id)) : null;
}

const MOVES = ["start", "resume", "complete"];

function moves(app, view) {
  const { id } = view.order;
  const record = (fact, said) => async () => {
    if (await app.act({ order: id, ...fact }, said)) await app.shown({ moved: false });
  };
  const made = [];
  const button = (name, act, properties = {}) => made.push(h("button", { type: "button", "data-key": name, onclick: () => app.later(act()), ...properties }, say(`do_${name}`)));
  const to = (name, path, properties = {}) => made.push(h("a", { class: "button", href: `#${path}`, "data-key": name, ...properties }, say(`do_${name}`)));
  const may = (step) => view.possible.includes(step);
  const reasons = MOVES.filter(may).flatMap((step) => (step === "complete" ? [] : blocked(view, step)));
  if (may("start") && !view.local.travelling) button("travel", record({ kind: "travel", content: {} }, "travelling"));
  for (const step of ["start", "resume"]) {
    if (may(step)) button(step, record({ kind: "move", content: { step } }), { class: "primary", disabled: reasons.length > 0 });
  }
  if (may("complete")) to("complete", `/complete/${id}`, { class: "button primary" });
  if (may("hold") && view.order.status === "in_progress") {
    button("pause", record({ kind: "move", content: { step: "hold", reason: say("pause_reason"), waits_for: "other" } }, "paused"));
  }
  if (may("hold")) to("hold", `/form/hold/${id}`);
  if (may("cannot_complete")) to("cannot", `/form/cannot/${id}`);
  const unique = [...new Map(reasons.map((each) => [each.name + each.of, each])).values()];
  return h("section", { class: "card" },
    view.local.travelling ? h("p", null, say("travelling_since", { when: clock(view.local.travelling, view.time_zone) })) : null,
    unique.length ? h("ul", { class: "problem" }, unique.map((each) => h("li", null, say(each.name, { what: each.of })))) : null,
    made.length ? h("div", { class: "buttons" }, made) : h("p", { class: "soft" }, say("nothing_to_do")),
  );
}

function limits(step) {
  const unit = step.unit ? ` ${step.unit}` : "";
  if (step.low !== null && step.high !== null) return say("between", { low: number(step.low), high: number(step.high) + unit });
  if (step.high !== null) return say("at_most", { high: number(step.high) + unit });
  return step.low !== null ? say("at_least", { low: number(step.low) + unit }) : "";
}

const outside = (step, value) => (step.low !== null && value < step.low) || (step.high !== null && value > step.high);

function noteOf(view, step) {
  const { text, end } = noted(step.note);
  const words = [text, end === null ? "" : say("valid_until", { when: full(end, view.time_zone) })].filter(Boolean);
  return words.length ? h("span", { class: "soft" }, words.join(" · ")) : null;
}

function stepRow(app, view, step) {
  const { id } = view.order;
  const record = async (content) => {
    if (await app.act({ kind: "plan_step", order: id, content: { step: step.seq, ...content } })) await app.shown({ moved: false });
  };
  const name = `step-${step.seq}`;
  const words = [step.instruction, step.mandatory ? null : h("span", { class: "soft" }, ` (${say("optional")})`)];
  const done = step.done_at ? h("span", { class: "badge fine" }, `✓ ${clock(step.done_at, view.time_zone)}`) : null;
  const undo = step.done_at && !view.ended ? h("button", { type: "button", class: "small", "data-key": `${name}-undo`, "aria-label": `${say("undo")}: ${step.instruction}`, onclick: () => app.later(record({ done: false })) }, say("undo")) : null;
  const result = step.done_at && step.value !== null && step.value !== undefined ? h("b", { class: outside(step, step.value) ? "over" : "" }, `${number(step.value)} ${step.unit}`) : null;
  if (step.done_at || view.ended) return h("li", { class: "step" }, h("p", null, words), h("p", { class: "line" }, done, result, noteOf(view, step), undo));
  if (step.kind === "photo") return h("li", { class: "step" }, h("p", null, words), h("a", { class: "button", href: `#/form/photo/${id}/${step.seq}`, "data-key": name }, say("take_photo")));
  if (step.kind === "signature") return h("li", { class: "step" }, h("p", null, words), h("a", { class: "button", href: `#/form/signature/${id}/${step.seq}`, "data-key": name }, say("sign")));
  if (step.kind === "instruction") {
    return h("li", { class: "step" }, h("label", { class: "tick" }, h("input", { type: "checkbox", "data-key": name, onchange: () => app.later(record({ done: true })) }), h("span", null, words)));
  }
  const measured = step.kind === "measurement";
  const ends = step.kind === "permit" ? h("input", { id: `${name}-until`, type: "datetime-local", "data-key": `${name}-until` }) : null;
  const input = h("input", { id: name, "data-key": name, autocomplete: "off", inputmode: measured ? "decimal" : "text", maxlength: 2000, "aria-describedby": `${name}-said` });
  const tell = h("p", { id: `${name}-said`, class: "soft", "aria-live": "polite" }, measured ? limits(step) : say("permit_number"));
  input.addEventListener("input", () => {
    if (!measured) return;
    const value = typed(input.value);
    const wrong = input.value.trim() !== "" && Number.isNaN(value);
    tell.className = wrong || outside(step, value) ? "over" : "soft";
    tell.textContent = wrong ? say("write_number") : outside(step, value) ? say("outside_limits", { limits: limits(step) }) : limits(step);
  });
  const submit = async (event) => {
    event.preventDefault();
    const value = typed(input.value);
    if (measured && Number.isNaN(value)) {
      tell.className = "over";
      tell.textContent = say("write_number");
      input.focus();
      return;
    }
    const content = measured ? { done: true, value } : { done: true, note: [input.value.trim(), ends.value ? until(ends.value, view.time_zone) : ""].filter(Boolean).join(" ") };
    input.value = "";
    if (ends) ends.value = "";
    await record(content);
  };
  return h("li", { class: "step" }, h("form", { onsubmit: (event) => app.later(submit(event)) }, h("label", { for: name }, words), h("span", { class: "line" }, input, measured && step.unit ? h("span", null, step.unit) : null, h("button", { "data-key": `${name}-save`, "aria-label": `${say("save")}: ${step.instruction}` }, say("save"))), tell, ends ? h("label", { for: ends.id, class: "soft" }, say("permit_until")) : null, ends));
}

function section(title, content, open = false) {
  if (!content || (Array.isArray(content) && !content.length)) return null;
  return h("details", { class: "card", open }, h("summary", null, h("h2", null, title)), content);
}

const list = (rows) => (rows.length ? h("ul", { class: "rows" }, rows.map((each) => h("li", null, each))) : null);

function why(view) {
  const zone = view.time_zone;
  return [
    section(say("why"), [
      view.order.priority_reason ? h("p", null, sentence(view.order.priority_reason)) : null,
      list(view.evidence.map((each) => [h("b", null, sentence(each.summary)), h("span", { class: "soft" }, ` ${moment(each.at, zone)}${each.ended ? ` · ${say("over")}` : ""}`)])),
      view.evidence.slice(0, 2).flatMap((each) => charts(each, zone)),
    ].flat().filter(Boolean), true),
    section(say("open_alarms"), list(view.alarms.map((each) => [sentence(each.summary), h("span", { class: "soft" }, ` ${code(each.state)}${each.since ? ` · ${moment(each.since, zone)}` : ""}`)]))),
    section(say("newest_readings"), list(readings(view))),
    section(say("last_orders"), list(view.last_orders.map((each) => [h("b", null, `${each.number} ${sentence(each.title)}`), h("span", { class: "soft" }, ` ${moment(each.ended_at, zone)}`), h("br"), [code(each.finding), code(each.cause), code(each.remedy), each.note].filter(Boolean).join(" · ")]))),
    section(say("documents"), list((view.documents || []).map((each) => fileLink(each, `/api/v1/files/${each.id}`)))),
    section(say("files"), list([...view.files.map((each) => fileLink(each, `/api/v1/work-orders/${view.order.id}/attachments/${each.id}`)), ...view.local.photos.map((each) => [say(each.kind === "photo" ? "photo" : "signature"), h("span", { class: "soft" }, ` ${moment(each.at, zone)} · ${say("on_this_device")}`)])])),
    section(say("notes"), list(view.comments.map((each) => [each.text, h("span", { class: "soft" }, ` ${each.own ? say("you") : (each.actor || "").replace(/^\w+:/, "")} · ${moment(each.at, zone)}`)])), view.comments.length > 0),
  ];
}

/** The signals of an asset with their newest readings, as rows. */
export function readings(view) {
  return (view.readings || []).filter((each) => each.at).map((each) => [`${sentence(each.label)}: `, h("b", null, `${number(each.value)} ${each.unit}`), h("span", { class: "soft" }, ` ${moment(each.at, view.time_zone)}`)]);
}

/** The charts of the readings that a finding cites. */
function charts(finding, zone) {
  return Object.entries(finding.readings || {}).map(([signal, points]) => {
    const sign = (finding.signs || []).find((each) => each.signal === signal) || {};
    return chart({ title: sentence(signal.replaceAll("_", " ")), unit: sign.unit || "", points, low: sign.usual_low ?? null, high: sign.usual_high ?? null }, zone);
  });
}

const fileLink = (each, path) => [h("a", { href: path, target: "_blank", rel: "noopener" }, each.name), h("span", { class: "soft" }, ` ${size(each.size)}`)];

function needs(app, view) {
  const { order } = view;
  return section(say("needed"), [
    list(view.parts.map((each) => {
      const from = (view.stock || []).find((one) => one.line === each.line);
      return [each.part, h("span", { class: "soft" }, ` ${say("needed_used", { needed: number(each.needed), used: number(each.used || 0), unit: each.unit })}`), from ? h("span", { class: "soft" }, ` · ${[from.store, ...from.bins].join(", ")}`) : null, from && from.lacks > 0 ? h("span", { class: "over" }, ` ${say("lacks", { count: number(from.lacks) })}`) : null];
    })),
    order.required_tools.length ? h("p", null, say("tools", { what: (view.tools || order.required_tools.map((words) => ({ words }))).map((each) => (each.booked ? `${each.words} (${each.booked})` : each.words)).join(", ") })) : null,
    order.required_skill ? h("p", null, say("skills", { what: [order.required_skill, ...order.other_skills].map(code).join(", ") })) : null,
    order.required_certificates.length ? h("p", null, say("certificates", { what: (view.certificates || []).map((each) => `${code(each.name)}${each.valid_until ? ` (${say("valid_until", { when: calendar(each.valid_until) })})` : ""}`).join(", ") })) : null,
  ].flat().filter(Boolean), true);
}

/** The screen of an order. */
export async function order(app, id) {
  const view = await viewOf(app.db, id);
  if (!view) return h("div", null, h("h1", null, say("not_here")), h("p", null, say("order_not_here")), app.link("/day", say("today")));
  const { order: of } = view;
  const planned = visit(view);
  const adds = view.ended ? ["note", "photo"] : ["note", "photo", "reading", "hours", "parts", "need", "signature", "follow"];
  return h("div", null,
    h("p", null, app.link("/day", `‹ ${say("today")}`)),
    h("h1", { class: `p${of.priority}` }, sentence(of.title)),
    h("p", { class: "line" }, h("span", null, of.number), h("span", { class: "badge", id: "status" }, sentence(code(of.status))), h("span", { class: `badge prio p${of.priority}` }, sentence(code(of.priority_name)))),
    view.gone ? h("p", { class: "card problem" }, say("no_longer_yours_why")) : null,
    view.asked.length ? h("p", { class: "card problem" }, h("a", { href: "#/state" }, counted("one_decision", "many_decisions", view.asked.length))) : null,
    view.kept.map((each) => h("p", { class: "card warn" }, say("kept", { what: code(each.kind), why: (each.answer && each.answer.detail) || "" }))),
    h("section", { class: "card facts" },
      h("p", null, h("b", null, when(view)), planned && Date.parse(planned.ends_at) < Date.now() ? h("span", { class: "soft" }, ` ${say("past")}`) : null),
      h("p", null, view.asset ? app.link(`/asset/${view.asset.id}`, `${view.asset.code} ${view.asset.name}`) : of.asset_path),
      h("p", { class: "soft" }, of.asset_path),
      view.place && view.place.latitude !== null ? h("p", null, h("a", { href: `geo:${view.place.latitude},${view.place.longitude}` }, say("on_a_map"))) : null,
      planned && planned.way_minutes ? h("p", null, say("way", { from: planned.way_from, minutes: number(planned.way_minutes) })) : null,
      planned && (planned.others || []).length ? h("p", null, say("with", { who: planned.others.join(", ") })) : null,
      h("p", { class: "soft" }, [of.estimated_hours ? say("estimated", { hours: number(of.estimated_hours) }) : null, of.actual_hours ? say("worked", { hours: number(of.actual_hours) }) : null].filter(Boolean).join(" · "), " ", view.ended ? null : h("a", { href: `#/form/hours_field/${id}`, "data-key": "estimate" }, say("change_estimate"))),
    ),
    moves(app, view),
    view.steps.length ? h("section", { class: "card" }, h("h2", null, say("steps")), h("ol", { class: "steps" }, view.steps.map((each) => stepRow(app, view, each)))) : null,
    h("section", { class: "card" }, h("h2", null, say("add")), h("div", { class: "buttons" }, adds.map((each) => h("a", { class: "button", href: `#/form/${each}/${id}`, "data-key": `add-${each}` }, say(`add_${each}`))))),
    needs(app, view),
    why(view),
  );
}
