// The messages of the person's banner, as of the last contact: the list on the day, a line on every other screen.
import { fill, h } from "./dom.js";
import { counted, moment, say } from "./say.js";

const box = document.getElementById("news");
let turns = 0;
let drawn = "";

/** Show nothing: nobody is there. */
export function forget() {
  turns += 1;
  drawn = "";
  fill(box);
}

/** What the person has not seen, the newest first; what they have dismissed here is seen, sent or not. */
async function unseen(db) {
  const [known, until] = await Promise.all([db.get("facts", "news"), db.get("facts", "news_seen")]);
  return (known || []).filter((each) => each.event_id > (until || 0));
}

async function row(db, each) {
  const here = each.order_id && (await db.get("orders", each.order_id));
  const there = here ? { href: `#/order/${each.order_id}` } : { href: each.link, target: "_blank", rel: "noopener" };
  return h("li", { class: each.urgent ? "over" : null }, each.link || here ? h("a", there, each.title) : each.title, " ", h("span", { class: "soft" }, moment(each.at, each.time_zone)));
}

/** Show what is new, and leave what has not changed where it is. */
export async function news(app) {
  const turn = (turns += 1);
  const { db } = app;
  const whole = /^(#\/?(day.*)?)?$/.test(location.hash);
  let found;
  let rows;
  try {
    found = await unseen(db);
    rows = await Promise.all(found.map((each) => row(db, each)));
  } catch (error) {
    if (app.db === db) throw error;
  }
  // Somebody else, or nobody, may be there by now.
  if (turn !== turns || app.db !== db) return;
  const seen = async () => {
    await db.put("facts", found[0].event_id, "news_seen");
    await news(app);
    document.getElementById("main").focus({ preventScroll: true });
    void app.sync.soon();
  };
  const shown = h("div", null);
  if (found.length && whole) {
    fill(shown, h("p", null, h("b", null, say("news"))), h("ul", { class: "rows" }, rows), h("button", { type: "button", class: "small", "data-until": found[0].event_id, onclick: () => app.later(seen()) }, say("seen")));
  } else if (found.length) fill(shown, h("a", { href: "#/day" }, counted("one_news", "many_news", found.length)));
  if (drawn === shown.innerHTML) return;
  drawn = shown.innerHTML;
  const focused = box.contains(document.activeElement);
  box.setAttribute("aria-label", say("news"));
  box.className = whole ? "" : "brief";
  fill(box, [...shown.childNodes]);
  const again = focused && box.querySelector("button");
  if (again) again.focus();
}
