// "Report something": work that somebody sees is needed, at an asset.
import { choice, complain, field, h } from "./dom.js";
import { coded, say } from "./say.js";
import { views } from "./day.js";

/** The screen on which something is reported. */
export async function report(app, id) {
  const all = await views(app.db);
  const { assets = [] } = (await app.db.get("facts", "catalogue")) || {};
  const named = [...assets, ...all.filter((each) => each.asset).map((each) => each.asset)].map((each) => [String(each.id), `${each.code} ${each.name}`]);
  const places = [...new Map(named).entries()].sort((a, b) => a[1].localeCompare(b[1]));
  if (id && !places.some(([each]) => each === id)) places.unshift([id, say("scanned_asset")]);
  if (!places.length) return h("div", null, h("h1", null, say("report")), h("p", { class: "card" }, say("scan_first"), " ", app.link("/scan", say("scan"))));
  const asset = choice(id ? places : [["", say("choose")], ...places], id || "");
  const title = h("input", { maxlength: 200, autocomplete: "off" });
  const kind = choice(coded("request_types"), "reactive");
  const why = h("textarea", { rows: 4, maxlength: 2000 });
  const form = h("form", { novalidate: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    app.later((async () => {
      if (!asset.value) return complain(form, say("choose_asset"));
      if (!title.value.trim()) return complain(form, say("title_needed"));
      const content = { title: title.value.trim(), asset_id: Number(asset.value), type: kind.value, why: why.value.trim() };
      if (await app.act({ kind: "request", content }, "reported")) {
        form.reset();
        app.go("/state");
      }
      return null;
    })());
  });
  form.append(field(say("asset"), asset), field(say("what_is_wrong"), title), field(say("kind_of_work"), kind), field(say("details"), why), h("div", { class: "buttons" }, h("button", { class: "primary" }, say("report"))));
  return h("div", null, h("h1", null, say("report")), h("section", { class: "card" }, form));
}
