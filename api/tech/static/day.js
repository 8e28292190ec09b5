// The day: the orders in the planned sequence.
import { h } from "./dom.js";
import { seen } from "./overlay.js";
import { clock, code, counted, date, day as dayOf, moment, say, sentence } from "./say.js";

/** All orders on the device, each with what was recorded here. */
export async function views(db) {
  const [orders, acts] = await Promise.all([db.getAll("orders"), db.getAll("operations")]);
  const byOrder = new Map();
  for (const each of acts) if (each.order) byOrder.set(each.order, [...(byOrder.get(each.order) || []), each]);
  return orders.map((row) => seen(row, byOrder.get(row.id) || []));
}

/** The visit that counts: the one under way or the next, else the last. */
export function visit(view, now = Date.now()) {
  const sorted = [...(view.visits || [])].sort((a, b) => a.starts_at.localeCompare(b.starts_at));
  return sorted.find((each) => Date.parse(each.ends_at) > now) || sorted.at(-1) || null;
}

const begins = (view) => {
  const planned = visit(view);
  return planned ? planned.starts_at : view.order.scheduled_start || view.order.requested_for || view.order.completion_due || "9999";
};

/** The planned sequence: what is begun first, then by visit, then by urgency. */
export function inSequence(one, other) {
  const rank = (view) => (view.ended ? 2 : view.order.priority === 1 ? 0 : 1);
  return rank(one) - rank(other) || begins(one).localeCompare(begins(other)) || one.order.priority - other.order.priority || one.order.number.localeCompare(other.order.number);
}

/** When the work is planned, in words. */
export function when(view) {
  const planned = visit(view);
  const zone = view.time_zone;
  if (planned) return `${clock(planned.starts_at, zone)}–${clock(planned.ends_at, zone)}`;
  if (view.order.scheduled_start) return moment(view.order.scheduled_start, zone);
  return view.order.completion_due ? say("due", { when: moment(view.order.completion_due, zone) }) : say("not_planned");
}

function card(app, view) {
  const { order } = view;
  const needs = [
    view.parts.length ? counted("one_part", "many_parts", view.parts.length) : null,
    order.required_tools.length ? order.required_tools.join(", ") : null,
    view.steps.some((each) => each.kind === "permit") ? say("permit") : null,
    order.required_certificates.length ? order.required_certificates.map(code).join(", ") : null,
  ].filter(Boolean);
  return h("li", { class: `card order p${order.priority}` },
    h("a", { href: `#/order/${order.id}`, "data-key": order.id },
      h("span", { class: "line" }, h("b", null, when(view)), h("span", { class: "badge" }, sentence(code(order.status))), order.priority === 1 ? h("span", { class: "badge alarm" }, sentence(code(order.priority_name))) : null),
      h("span", { class: "title" }, sentence(order.title)),
      h("span", { class: "soft" }, `${order.number} · ${order.asset_path}`),
      needs.length ? h("span", { class: "soft" }, say("needs", { what: needs.join(" · ") })) : null,
      view.gone ? h("span", { class: "badge warn" }, say("no_longer_yours")) : null,
      view.asked.length ? h("span", { class: "badge warn" }, say("decision")) : null,
      view.local.unsent ? h("span", { class: "badge" }, counted("one_unsent", "many_unsent", view.local.unsent)) : null,
    ),
  );
}

/** Rounds that are due; they are walked on their own pages, with a network. */
async function rounds(app) {
  const found = ((await app.db.get("facts", "catalogue")) || {}).rounds || [];
  if (!found.length) return null;
  return h("section", { class: "card" }, h("h2", null, say("rounds")), h("ul", { class: "rows" }, found.map((each) => h("li", null, h("a", { href: `/rounds/${each.id}`, target: "_blank", rel: "noopener" }, `${each.number} ${each.title}`), h("span", { class: "soft" }, ` ${say("due", { when: moment(each.due_at) })} · ${say("needs_network")}`)))));
}

const SHOWN = 60;

/** The screen of the day. */
export async function day(app, all) {
  const every = (await views(app.db)).sort(inSequence);
  const now = Date.now();
  const today = (view) => {
    const planned = visit(view);
    const at = planned ? planned.starts_at : view.order.scheduled_start;
    return !at || date(at, view.time_zone) <= date(now, view.time_zone);
  };
  const open = every.filter((each) => !each.ended);
  const groups = [
    [say("today"), open.filter(today)],
    [say("later"), open.filter((each) => !today(each))],
    [say("done"), every.filter((each) => each.ended)],
  ];
  const contact = await app.db.get("facts", "contact");
  const zone = every.length ? every[0].time_zone : undefined;
  return h("div", null,
    h("h1", null, dayOf(now, zone)),
    h("p", { class: "soft" }, contact ? say("as_of", { when: moment(contact, zone) }) : say("never_fetched")),
    await rounds(app),
    every.length ? null : h("p", { class: "card" }, contact ? say("no_orders") : say("fetching")),
    groups.map(([title, found]) => {
      if (!found.length) return null;
      const shown = all ? found : found.slice(0, SHOWN);
      return h("section", null, h("h2", null, `${title} (${found.length})`), h("ul", { class: "orders" }, shown.map((each) => card(app, each))),
        shown.length < found.length ? h("a", { class: "button wide", href: "#/day/all" }, say("show_all", { count: found.length })) : null);
    }),
  );
}
