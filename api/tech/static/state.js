// What has been sent, what has not, and what a person decides; the export; this device and its person.
import { complain, field, h } from "./dom.js";
import * as operations from "./operations.js";
import { choosePin, PIN } from "./people.js";
import { code, counted, moment, number, say, sentence, size } from "./say.js";
import { fullness } from "./store.js";

function plain(value) {
  if (value === null || value === undefined || value === "") return say("nothing");
  if (typeof value === "number") return number(value);
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** The number and the time zone of each order on the device. */
async function named(db) {
  return new Map((await db.getAll("orders")).map((each) => [each.id, { number: each.order.number, zone: each.time_zone }]));
}

/** A conflict: both values, and the person says which is right. */
function conflict(app, each, of) {
  const { answer } = each;
  const choose = (value) => async () => {
    const content = { name: answer.field, base: answer.current, value, resolves: each.op_id };
    if (await app.act({ kind: "field", order: each.order, content }, "chosen")) {
      await app.db.put("operations", { ...(await app.db.get("operations", each.op_id)), state: "answered", fetched: true });
      await app.shown({ moved: false });
    }
  };
  const by = (answer.changed_by || "").replace(/^\w+:/, "");
  return h("li", { class: "card decision" },
    h("h3", null, `${of.number || ""} ${sentence(code(answer.field))}`),
    h("p", null, say("changed_meanwhile", { by, when: moment(answer.changed_at, of.zone) })),
    h("div", { class: "both" },
      h("button", { type: "button", "data-key": `theirs-${each.op_id}`, onclick: () => app.later(choose(answer.current)()) }, h("span", { class: "soft" }, say("theirs", { by })), h("b", null, plain(answer.current))),
      h("button", { type: "button", "data-key": `mine-${each.op_id}`, onclick: () => app.later(choose(answer.value)()) }, h("span", { class: "soft" }, say("yours")), h("b", null, plain(answer.value))),
    ),
    h("p", { class: "soft" }, say("before", { value: plain(answer.base) })),
  );
}

/** What the server refused, or a file that it does not take: shown with the reason until somebody has seen it. */
function refused(app, each, of) {
  const seen = async () => {
    const state = { ...each, state: "answered", dismissed: true, fetched: true, answered_at: Date.now(), verdict: each.verdict || "refused" };
    await app.db.put("operations", state);
    await operations.number(app.db);
    void app.sync.soon();
    await app.shown({ moved: false });
  };
  const again = async () => {
    const { problem, ...rest } = each;
    await app.db.put("operations", rest);
    void app.sync.soon();
    await app.shown({ moved: false });
  };
  const why = each.problem || (each.answer && each.answer.detail) || "";
  return h("li", { class: "card decision" },
    h("h3", null, `${of.number || ""} ${sentence(code(each.kind))}`),
    h("p", null, say("not_taken", { why })),
    h("p", { class: "soft" }, summary(each)),
    h("div", { class: "buttons" }, each.problem ? h("button", { type: "button", onclick: () => app.later(again()) }, say("try_again")) : null, h("button", { type: "button", onclick: () => app.later(seen()) }, say("understood"))),
  );
}

const summary = (each) => {
  const { title, text, part, used, needed, hours, value, step, signal, note, signed_by: by } = each.content;
  return [title, text, part, used, needed, hours, signal, value, typeof step === "string" ? code(step) : step && `${say("step")} ${step}`, by, note].filter((one) => one !== undefined && one !== null && one !== "").map(String).join(" · ");
};

async function save(app) {
  const text = await operations.exported(app.db, app.person);
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { href: address, download: `plantwright-not-sent-${new Date().toISOString().slice(0, 10)}.json` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function pin(app) {
  const input = h("input", { type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 12 });
  const form = h("form", { novalidate: true }, app.needsPin ? h("p", { class: "problem" }, say("pin_needed")) : null, field(say(app.person.pin ? "new_pin" : "pin"), input, say("pin_why")), h("button", null, say("save")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    app.later((async () => {
      if (!PIN.test(input.value)) return complain(form, say("pin_digits"));
      app.person = await choosePin(app.person.person, input.value);
      app.needsPin = false;
      form.reset();
      return app.shown({ moved: false });
    })());
  });
  return form;
}

/** The screen of what has been sent. */
export async function state(app) {
  const [all, asked, orders, full, skew] = await Promise.all([operations.unsent(app.db), operations.undecided(app.db), named(app.db), fullness(), app.db.get("facts", "skew")]);
  const waiting = all.filter((each) => !each.problem);
  const done = (await app.db.getAllFromIndex("operations", "state", "answered")).sort((a, b) => b.place - a.place).slice(0, 20);
  const contact = await app.db.get("facts", "contact");
  const of = (each) => orders.get(each.order) || {};
  const row = (each) => h("li", null, h("b", null, `${of(each).number || ""} ${sentence(code(each.kind))}`), h("span", { class: "soft" }, ` ${moment(each.occurred_at, of(each).zone)}`), h("br"), h("span", null, summary(each)), each.verdict ? h("span", { class: "badge" }, sentence(code(each.verdict))) : null, each.verdict === "kept" && each.answer ? h("p", { class: "soft" }, each.answer.detail) : null, each.answer && each.answer.made ? h("p", { class: "soft" }, say("became", { number: each.answer.made.number })) : null);
  return h("div", null,
    h("h1", null, say("state")),
    app.sync.state === "another" || app.sync.state === "signed-out" ? h("p", { class: "card problem" }, say("sign_in_as", { name: app.person.name }), " ", h("a", { href: "/login?next=%2Ftech%2F" }, say("sign_in"))) : null,
    asked.length ? h("section", null, h("h2", null, counted("one_decision", "many_decisions", asked.length)), h("ul", { class: "orders" }, asked.map((each) => (each.verdict === "conflict" ? conflict(app, each, of(each)) : refused(app, each, of(each)))))) : null,
    h("section", { class: "card" }, h("h2", null, waiting.length ? counted("one_unsent", "many_unsent", waiting.length) : say("all_sent")),
      waiting.length ? h("ul", { class: "rows" }, waiting.map(row)) : null,
      h("p", { class: "soft" }, contact ? say("as_of", { when: moment(contact) }) : say("never_fetched")),
      h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", "data-key": "send", onclick: () => void app.sync.soon() }, say("send_now")), h("button", { type: "button", "data-key": "export", onclick: () => app.later(save(app)) }, say("export"))),
      h("p", { class: "soft" }, say("export_why")),
    ),
    done.length ? h("details", { class: "card" }, h("summary", null, h("h2", null, say("sent_lately"))), h("ul", { class: "rows" }, done.map(row))) : null,
    h("section", { class: "card" }, h("h2", null, say("this_device")),
      h("p", null, app.person.name),
      field(say("language"), app.languages()),
      h("p", { class: "soft" }, app.persistent ? say("kept_for_good") : say("kept_as_long")),
      full !== null ? h("p", { class: "soft" }, say("storage", { percent: number(Math.round(full * 1000) / 10) })) : null,
      skew && Math.abs(skew) > 60 ? h("p", { class: "problem" }, say("clock_wrong", { minutes: number(Math.round(Math.abs(skew) / 60)) })) : null,
      pin(app),
      h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => app.later(app.lock()) }, say(app.several || app.person.pin ? "lock" : "change_person"))),
    ),
  );
}
