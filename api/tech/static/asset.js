// One asset: its orders on the device, and with a network what the plant knows of it besides.
import { h } from "./dom.js";
import { code, moment, say, sentence } from "./say.js";
import { inSequence, views, when } from "./day.js";
import { readings } from "./order.js";
import { ask } from "./sync.js";

/** What the server says of an asset; null without a network, or if it is not theirs to see. */
async function fetched(id) {
  try {
    return await ask(`/api/v1/assets/${encodeURIComponent(id)}`);
  } catch {
    return null;
  }
}

/** The screen of an asset. */
export async function asset(app, id) {
  const all = (await views(app.db)).filter((each) => each.asset && String(each.asset.id) === id).sort(inSequence);
  const { assets = [] } = (await app.db.get("facts", "catalogue")) || {};
  const listed = assets.find((each) => String(each.id) === id);
  const known = all.length ? all[0].asset : listed || (await fetched(id));
  if (!known) return h("div", null, h("h1", null, say("not_here")), h("p", null, say("asset_not_here")), app.link("/scan", say("scan")));
  const [newest] = all;
  const zone = newest ? newest.time_zone : undefined;
  const rows = (items) => h("ul", { class: "rows" }, items);
  return h("div", null,
    h("h1", null, `${known.code} ${known.name}`),
    h("section", { class: "card facts" }, h("p", { class: "soft" }, known.path || known.place || ""), h("p", null, [known.asset_class && code(known.asset_class), known.serial && say("serial", { number: known.serial })].filter(Boolean).join(" · "))),
    h("p", null, h("a", { class: "button primary wide", href: `#/report/${id}` }, say("report"))),
    h("section", { class: "card" }, h("h2", null, say("your_orders")), all.length ? rows(all.map((each) => h("li", null, app.link(`/order/${each.order.id}`, `${each.order.number} ${sentence(each.order.title)}`), h("span", { class: "soft" }, ` ${sentence(code(each.order.status))} · ${when(each)}`)))) : h("p", { class: "soft" }, say("no_orders_here"))),
    newest && newest.alarms.length ? h("section", { class: "card" }, h("h2", null, say("open_alarms")), rows(newest.alarms.map((each) => h("li", null, sentence(each.summary), h("span", { class: "soft" }, ` ${code(each.state)}`))))) : null,
    newest && (newest.readings || []).length ? h("section", { class: "card" }, h("h2", null, say("newest_readings")), rows(readings(newest).map((each) => h("li", null, each)))) : null,
    newest && newest.last_orders.length ? h("section", { class: "card" }, h("h2", null, say("last_orders")), rows(newest.last_orders.map((each) => h("li", null, h("b", null, `${each.number} ${sentence(each.title)}`), h("span", { class: "soft" }, ` ${moment(each.ended_at, zone)}`), h("br"), [code(each.finding), code(each.cause), code(each.remedy), each.note].filter(Boolean).join(" · "))))) : null,
  );
}
