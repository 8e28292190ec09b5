// Completing: what was found and done, in the plant's codes.
import { choice, complain, field, h } from "./dom.js";
import { viewOf } from "./order.js";
import { blocked } from "./overlay.js";
import { coded, say, typed } from "./say.js";

/** The screen on which an order is completed. */
export async function complete(app, id) {
  const view = await viewOf(app.db, id);
  if (!view) return h("div", null, h("h1", null, say("not_here")), app.link("/day", say("today")));
  const reasons = blocked(view, "complete");
  const title = h("h1", null, say("do_complete"));
  if (reasons.length) {
    return h("div", null, title, h("ul", { class: "card problem" }, reasons.map((each) => h("li", null, say(each.name, { what: each.of })))), app.link(`/order/${id}`, say("back")));
  }
  const finding = choice(coded("findings"), "confirmed");
  const mode = choice(coded("failure_modes"), view.order.failure_mode);
  const cause = choice([["", say("choose")], ...coded("causes")], "");
  const remedy = choice([["", say("choose")], ...coded("remedies")], "");
  const hours = h("input", { inputmode: "decimal", autocomplete: "off" });
  const note = h("textarea", { rows: 4, maxlength: 2000 });
  const asset = field(say("failure_mode"), mode);
  finding.addEventListener("change", () => (asset.hidden = finding.value === "nothing_found"));
  const form = h("form", { novalidate: true });
  const submit = async (event) => {
    event.preventDefault();
    if (!cause.value || !remedy.value) return complain(form, say("cause_and_remedy"));
    const worked = hours.value.trim() ? typed(hours.value) : null;
    if (Number.isNaN(worked) || worked < 0) return complain(form, say("write_hours"));
    const close_out = { finding: finding.value, failure_mode: finding.value === "nothing_found" ? null : mode.value, cause: cause.value, remedy: remedy.value, note: note.value.trim() };
    if (worked !== null) close_out.hours = worked + (view.order.actual_hours || 0);
    if (await app.act({ kind: "move", order: id, content: { step: "complete", close_out } }, "completed")) {
      form.reset();
      app.go(`/order/${id}`);
    }
    return null;
  };
  form.addEventListener("submit", (event) => app.later(submit(event)));
  form.append(field(say("finding"), finding), asset, field(say("cause"), cause), field(say("remedy"), remedy), field(say("more_hours"), hours), field(say("note"), note), h("div", { class: "buttons" }, h("button", { class: "primary" }, say("do_complete")), app.link(`/order/${id}`, say("back"))));
  return h("div", null, title, h("p", { class: "soft" }, `${view.order.number} ${view.order.title}`), h("section", { class: "card" }, form));
}
