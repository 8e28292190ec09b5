// The app's frame: who uses it, which screen is shown, and the line that says what has been sent.
import { alarm } from "./emergency.js";
import { choice, fill, h } from "./dom.js";
import { forget, news } from "./news.js";
import * as operations from "./operations.js";
import * as people from "./people.js";
import { counted, language, say, settle, speak } from "./say.js";
import { amend, fullness, open, persist } from "./store.js";
import { session, Sync, Unreachable } from "./sync.js";
import { asset } from "./asset.js";
import { day } from "./day.js";
import { order } from "./order.js";
import { forms } from "./forms.js";
import { complete } from "./complete.js";
import { scan } from "./scan.js";
import { report } from "./report.js";
import { state } from "./state.js";

const head = document.getElementById("head");
const main = document.getElementById("main");
const foot = document.getElementById("foot");
const spoken = document.getElementById("spoken");
const LOCK_AFTER_MS = 600_000;
const SCREENS = { "": day, day, order, form: forms, complete, scan, report, asset, state };

/** What screens use: the person, their store, and how to record and to move on. */
const app = { person: null, db: null, sync: null, reader: null, several: false, update: null, link, go, act, later, shown: show };

function go(to) {
  if (location.hash === `#${to}`) void show();
  else location.hash = to;
}

function link(to, ...children) {
  return h("a", { href: `#${to}` }, ...children);
}

/** Record an act, and say so only then. Returns the operation; null: it could not be written. */
async function act(fact, said = "saved") {
  try {
    const made = await operations.record(app.db, fact);
    speakOut(say(said));
    await line();
    void app.sync.soon();
    return made;
  } catch (error) {
    const text = error.name === "QuotaExceededError" ? say("store_full") : say("not_saved", { error: error.message });
    speakOut(text);
    alertOut(text);
    return null;
  }
}

function speakOut(text) {
  spoken.textContent = "";
  setTimeout(() => (spoken.textContent = text), 50);
}

function alertOut(text) {
  const said = h("p", { class: "toast problem", role: "alert" }, text);
  document.body.append(said);
  setTimeout(() => said.remove(), 8000);
}

/** Begin something that must not hold up a screen; what fails is shown. */
function later(promise) {
  promise.catch((error) => alertOut(say("failed", { error: error.message })));
}

function parts() {
  const [name, ...rest] = decodeURIComponent(location.hash.replace(/^#\/?/, "")).split("/");
  return [name, rest];
}

/** Whether somebody has typed something that is not recorded yet. */
function typing() {
  const fields = [...main.querySelectorAll("input:not([type=checkbox], [type=radio]), textarea")];
  return fields.some((each) => each.value !== each.defaultValue) || main.querySelector("[data-stays]") !== null;
}

/** Show times by the clock of the site: of the first order, else of the last one that was here. */
async function atHome() {
  const cursor = await app.db.transaction("orders").store.openCursor();
  const zone = cursor ? cursor.value.time_zone : app.person.zone;
  settle(zone || undefined);
  if (zone && zone !== app.person.zone) app.person = (await amend(app.person.person, { zone })) || app.person;
}

/** Do something with the store; null if it was closed meanwhile, as when somebody locks the app. */
async function whileOpen(act) {
  const { db } = app;
  try {
    return await act();
  } catch (error) {
    if (app.db === db) throw error;
    return null;
  }
}

/** What is typed in the fields of this screen and not recorded yet, by the fields' keys. */
function typed() {
  const fields = [...main.querySelectorAll("input[data-key]:not([type=checkbox])")];
  return fields.filter((each) => each.value !== each.defaultValue).map((each) => [each.dataset.key, each.value]);
}

/** Put what was typed into the field drawn anew, which says again what it says of it. */
function keep(field, value) {
  if (!field) return;
  field.value = value;
  field.dispatchEvent(new Event("input"));
}

let drawn = 0;
let leave = null;

async function show({ moved = true, yields = false } = {}) {
  if (!app.db) return;
  const turn = (drawn += 1);
  const [name, rest] = parts();
  const screen = SCREENS[name] || day;
  const focus = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : null;
  const made = await whileOpen(async () => {
    await atHome();
    return screen(app, ...rest);
  });
  if (!made) return;
  // Somebody may have begun to type while the screen was made.
  if (turn !== drawn || !app.db || (yields && typing())) return;
  if (leave) leave();
  leave = made.leave || null;
  const at = scrollY;
  const kept = moved ? [] : typed();
  fill(main, made.node || made);
  for (const [key, value] of kept) keep(main.querySelector(`[data-key="${CSS.escape(key)}"]`), value);
  later(news(app));
  if (moved) {
    scrollTo(0, 0);
    const first = main.querySelector("h1");
    if (first) {
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
      document.title = `${first.textContent} · Plantwright`;
    }
  } else {
    scrollTo(0, at);
    const again = focus && main.querySelector(`[data-key="${CSS.escape(focus)}"]`);
    if (again) again.focus({ preventScroll: true });
  }
  for (const each of foot.querySelectorAll("a")) {
    if (each.getAttribute("href") === `#/${name || "day"}`) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

/** The line at the head: what has been sent, in one sentence. */
async function line() {
  if (!app.db) return;
  later(news(app));
  const [waiting, asked] = await Promise.all([operations.unsent(app.db), operations.undecided(app.db)]);
  const open = waiting.filter((each) => !each.problem).length;
  const texts = [];
  if (asked.length) texts.push(counted("one_decision", "many_decisions", asked.length));
  if (open) texts.push(counted("one_unsent", "many_unsent", open));
  if (!asked.length && !open) texts.push(say("all_sent"));
  if (app.sync.state === "another" || app.sync.state === "signed-out") texts.push(say("sign_in_to_send"));
  else if (app.sync.state === "offline") texts.push(say("no_network"));
  else if (app.sync.state === "failing") texts.push(say("server_fails"));
  if (app.sync.old) texts.push(say("too_old"));
  const full = await fullness();
  if (full !== null && full > 0.8) texts.push(say("nearly_full", { percent: Math.round(full * 100) }));
  const kind = asked.length ? "asks" : open ? "waits" : "fine";
  const shown = h("a", { id: "sent", class: kind, href: "#/state" }, texts.join(" · "));
  const title = h("a", { class: "brand", href: "#/day" }, h("img", { src: "/tech/app/icon.svg", alt: "Plantwright", width: 26, height: 26 }));
  const before = head.querySelector("#sent");
  if (before && before.textContent === shown.textContent && before.className === kind && !app.update) return;
  fill(head, title, shown, app.update ? h("button", { type: "button", class: "small", onclick: useUpdate }, say("update")) : null);
}

function useUpdate() {
  if (app.update) app.update.postMessage("use");
}

async function changed(what) {
  if (what === "wiped") {
    location.hash = "";
    location.reload();
    return;
  }
  if (what === "signed-out") {
    // Whoever is typing saves first: that is recorded, and locks at the next contact.
    if (typing()) await line();
    else await lock();
    return;
  }
  await whileOpen(async () => {
    await line();
    if (what === "idle" && app.db) await alarm(app);
  });
  if (!typing()) await show({ moved: false, yields: true });
}

/** Close the store, and ask who is there. */
async function lock() {
  drawn += 1;
  if (app.reader) app.reader.stop();
  if (app.sync) app.sync.stop();
  if (app.db) app.db.close();
  Object.assign(app, { person: null, db: null, sync: null, reader: null });
  sessionStorage.removeItem("person");
  foot.hidden = true;
  fill(head);
  forget();
  await begin({ asks: true });
}

const login = (properties) => h("a", { class: "button primary", href: "/login?next=%2Ftech%2F", ...properties }, say("sign_in"));
const another = () => h("p", null, h("button", { type: "button", onclick: () => later(somebodyElse()) }, say("somebody_else")));
const JOINS = "joins";

function panel(title, ...children) {
  fill(main, h("section", { class: "card narrow" }, h("h1", { tabindex: "-1" }, title), ...children));
  main.querySelector("h1").focus();
}

/** Ask for nothing where one person uses the device; otherwise for the person and their PIN. */
async function begin({ asks = false } = {}) {
  const all = await people.everybody();
  app.several = all.length > 1;
  let found = null;
  let reachable = true;
  try {
    if (!all.length || all.some((each) => each.locked)) found = await session();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    reachable = false;
  }
  for (const each of all) if (found && each.person === found.person && each.locked) await amend(each.person, { locked: (each.locked = false) });
  if (!all.length) return void (await first(found, reachable));
  const again = sessionStorage.getItem("person");
  const only = all.length === 1 ? all[0] : all.find((each) => each.person === again);
  const joins = sessionStorage.getItem(JOINS) !== null;
  sessionStorage.removeItem(JOINS);
  if (only && !asks && !joins && !only.locked && (!only.pin || only.person === again)) return void (await enter(only));
  await speak(all[0].language || navigator.language.slice(0, 2));
  if (joins) return void (await somebodyElse());
  if (all.length === 1 && (all[0].pin || all[0].locked)) return void (await unlock(all[0]));
  panel(say("who"), h("ul", { class: "list" }, all.map((each) => h("li", null, h("button", { type: "button", class: "wide", onclick: () => later(unlock(each)) }, each.name)))), another());
}

async function first(found, reachable) {
  await speak(found && found.language ? found.language : navigator.language.slice(0, 2));
  if (!reachable) panel(say("welcome"), h("p", null, say("first_needs_network")), h("button", { type: "button", onclick: () => location.reload() }, say("try_again")));
  else if (!found) panel(say("welcome"), h("p", null, say("welcome_why")), login());
  else if (!found.works) panel(say("welcome"), h("p", null, say("not_a_technician", { name: found.name })), login());
  else setUp(found, false);
}

async function somebodyElse() {
  const found = await session().catch(() => null);
  const all = await people.everybody();
  if (found && found.works && !all.some((each) => each.person === found.person)) setUp(found, true);
  else panel(say("somebody_else"), h("p", null, say("sign_in_as_yourself")), h("div", { class: "buttons" }, login({ onclick: () => sessionStorage.setItem(JOINS, "") }), h("button", { type: "button", onclick: () => later(begin({ asks: true })) }, say("back"))));
}

function pinField(needed) {
  return h("input", { id: "pin", type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 12, required: needed, pattern: "[0-9]{4,12}" });
}

function setUp(found, needed) {
  const pin = pinField(needed);
  const called = h("input", { id: "called", maxlength: 100, autocomplete: "off" });
  const tell = h("p", { class: "problem", role: "alert" });
  const done = async (event) => {
    event.preventDefault();
    if (pin.value && !people.PIN.test(pin.value)) return void (tell.textContent = say("pin_digits"));
    if (needed && !pin.value) return void (tell.textContent = say("pin_needed"));
    const row = await people.welcome(found, pin.value, called.value.trim());
    await enter(row);
  };
  panel(
    say("hello", { name: found.name }),
    h("form", { onsubmit: (event) => later(done(event)) },
      h("div", { class: "field" }, h("label", { for: "pin" }, say(needed ? "pin" : "pin_if_shared")), pin, h("p", { class: "soft" }, say("pin_why"))),
      h("div", { class: "field" }, h("label", { for: "called" }, say("device_name")), called),
      tell, h("button", { class: "primary wide" }, say("begin")),
    ),
  );
}

/** Ask for the PIN, or for signing in again where the server no longer knows the session. */
async function unlock(row) {
  await speak(row.language || navigator.language.slice(0, 2));
  if (row.locked) {
    const db = await open(row.device);
    const count = (await operations.unsent(db)).length;
    db.close();
    panel(say("expired"), h("p", null, say("expired_why", { name: row.name })), h("p", null, count ? counted("one_unsent", "many_unsent", count) : say("all_sent")), login(), another());
    return;
  }
  if (!row.pin) {
    const found = app.several ? await session().catch(() => null) : row;
    if (found && found.person === row.person) await enter(row);
    else panel(row.name, h("p", null, say("no_pin_yet", { name: row.name })), login(), another());
    return;
  }
  const pin = pinField(true);
  const tell = h("p", { class: "problem", role: "alert" });
  const done = async (event) => {
    event.preventDefault();
    const { right, waits } = await people.opens(row.person, pin.value);
    if (right) return void (await enter(row));
    pin.value = "";
    tell.textContent = waits ? say("pin_wait", { seconds: Math.ceil(waits / 1000) }) : say("pin_wrong");
  };
  panel(row.name, h("form", { onsubmit: (event) => later(done(event)) }, h("div", { class: "field" }, h("label", { for: "pin" }, say("pin")), pin), tell, h("button", { class: "primary wide" }, say("open"))), another());
  pin.focus();
}

async function enter(row) {
  await speak(row.language || navigator.language.slice(0, 2));
  app.person = row;
  app.db = await open(row.device);
  sessionStorage.setItem("person", row.person);
  app.sync = new Sync(row, app.db, changed);
  foot.hidden = false;
  foot.setAttribute("aria-label", say("pages"));
  fill(foot, [["day", "today"], ["scan", "scan"], ["report", "report"], ["state", "sending"]].map(([to, name]) => h("a", { href: `#/${to}` }, say(name))));
  await line();
  await show();
  app.needsPin = app.several && !row.pin;
  if (app.needsPin) go("/state");
  // Some browsers ask the person: nothing waits for the answer.
  void persist().then((answer) => (app.persistent = answer), () => {});
  void app.sync.soon();
  const { follow } = await import("./emergency.js");
  app.reader = follow(app);
}

/** Another language than the plant's or the browser's, for this person on this device. */
app.languages = () => {
  const chosen = choice([["en", "English"], ["de", "Deutsch"]], language, { id: "language" });
  chosen.addEventListener("change", () => later((async () => {
    app.person = await amend(app.person.person, { language: chosen.value });
    await speak(chosen.value);
    foot.querySelectorAll("a").forEach((each, place) => (each.textContent = say(["today", "scan", "report", "sending"][place])));
    fill(head);
    await line();
    await show();
  })()));
  return chosen;
};
app.lock = lock;

let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (app.person && app.person.pin && hiddenAt && Date.now() - hiddenAt > LOCK_AFTER_MS) void lock();
});
addEventListener("hashchange", () => later(show()));
addEventListener("unhandledrejection", (event) => alertOut(String(event.reason && event.reason.message)));

async function install() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("/tech/worker.js", { scope: "/tech/", updateViaCache: "none" });
  const offer = () => {
    if (registration.waiting && navigator.serviceWorker.controller) {
      app.update = registration.waiting;
      void line();
    }
  };
  offer();
  registration.addEventListener("updatefound", () => registration.installing && registration.installing.addEventListener("statechange", offer));
  const controlled = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => controlled && location.reload());
}

install().catch(() => {});
begin().catch((error) => fill(main, h("p", { class: "problem", role: "alert" }, String(error && error.message))));
