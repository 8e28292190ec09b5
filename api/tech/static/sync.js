// The exchange with the server: files, then operations, then what has changed. It may break off anywhere and begin again.
import * as operations from "./operations.js";
import { language } from "./say.js";
import { amend, forget, wipe } from "./store.js";

const MOST = 200;
const PIECE = 512 * 1024;
const EVERY_MS = 60_000;
const ENDED_KEPT_MS = 14 * 86_400_000;
const version = document.documentElement.dataset.version;
export const APP = `1.0.0+${version}`;

/** The server cannot be reached. */
export class Unreachable extends Error {}
/** The server answered, and not as wished. */
export class Refused extends Error {
  constructor(status, problem) {
    super((problem && problem.detail) || `HTTP ${status}`);
    this.status = status;
    this.problem = problem || {};
  }
}

let token = null;

/** Ask the server; JSON comes back. Raises Unreachable or Refused. */
export async function ask(path, { method = "GET", body, headers = {} } = {}) {
  const sent = { Accept: "application/json", ...headers };
  if (token && method !== "GET") sent["X-CSRF-Token"] = token;
  if (body !== undefined && !(body instanceof FormData) && !(body instanceof Blob)) {
    sent["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, { method, body, headers: sent, signal: AbortSignal.timeout(60_000) });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if ([502, 503, 504].includes(answer.status)) throw new Unreachable(`HTTP ${answer.status}`);
  const json = (answer.headers.get("content-type") || "").includes("json") ? await answer.json().catch(() => null) : null;
  if (answer.ok && json === null) throw new Unreachable("the answer broke off");
  if (!answer.ok) throw new Refused(answer.status, json);
  return json;
}

/** Who is signed in; null: nobody, or somebody whose password must change first. */
export async function session() {
  const found = await ask("/tech/session");
  if (!found.person || found.must_change) return null;
  token = found.token;
  return found;
}

/** Somebody's exchange with the server. `changed` is called when there is something new to show. */
export class Sync {
  constructor(person, db, changed) {
    Object.assign(this, { person, db, changed, state: "idle", old: false, running: null, again: false, timer: null });
    this.wake = () => void this.soon();
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
  }

  stop() {
    clearTimeout(this.timer);
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    this.stopped = true;
  }

  /** Exchange now, or once more after the exchange that is going on. */
  soon() {
    if (this.stopped) return Promise.resolve();
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.#locked().finally(() => {
      this.running = null;
      clearTimeout(this.timer);
      if (this.stopped) return;
      if (this.again) {
        this.again = false;
        void this.soon();
      } else this.timer = setTimeout(this.wake, EVERY_MS);
    });
    return this.running;
  }

  /** One tab at a time: a batch of another one with the same operations would change nothing, but cost. */
  #locked() {
    const once = () => this.#once();
    return navigator.locks ? navigator.locks.request(`plantwright-sync-${this.person.device}`, once) : once();
  }

  async #once() {
    let state = "idle";
    try {
      const found = await session();
      if (!found) state = "signed-out";
      else if (found.person !== this.person.person) state = "another";
      else {
        await amend(this.person.person, { name: found.name, locked: false });
        state = await this.#exchange();
      }
    } catch (error) {
      if (this.stopped) return; // The store was closed meanwhile; what is in it is sent next time.
      if (error instanceof Unreachable) state = "offline";
      else if (error instanceof Refused) state = error.status === 401 ? "signed-out" : "failing";
      else throw error;
    }
    if (state === "signed-out") await amend(this.person.person, { locked: true });
    this.state = state;
    if (!this.stopped) await this.changed(state);
  }

  async #exchange() {
    await operations.prune(this.db);
    let answer = await this.#send();
    if (await this.#upload()) {
      await operations.number(this.db);
      answer = await this.#send();
    }
    if (answer.revoked) return this.#end();
    await this.changed("sent");
    if (await this.#fetch()) return this.#end();
    await this.#catalogue();
    await this.#news();
    await this.db.put("facts", Date.now(), "contact");
    return "idle";
  }

  /** Upload files, each by itself: one that the server does not take is a person's to decide. Returns how many. */
  async #upload() {
    let count = 0;
    for (const each of await operations.unsent(this.db)) {
      if (!each.file || each.problem) continue;
      const file = await this.db.get("files", each.file);
      if (!file || file.stored) continue;
      try {
        const problem = await this.#sendFile(file);
        if (problem) await this.db.put("operations", { ...each, problem });
        else await this.db.put("files", { ...file, stored: true });
        count += 1;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.status === 401) throw error;
        if (error.status === 429 || error.status >= 500) continue;
        await this.db.put("operations", { ...each, problem: error.message });
        count += 1;
      }
    }
    return count;
  }

  /** Send a file by pieces, from where the server says that it is. Returns why it is refused, else null. */
  async #sendFile(file) {
    const about = { id: file.id, device: this.person.device, order: file.order, name: file.name, size: file.bytes.byteLength, sha256: await sha256(file.bytes) };
    let offset = 0;
    for (let turn = 0; turn <= 2 * Math.ceil(about.size / PIECE) + 2; turn += 1) {
      const query = new URLSearchParams({ ...about, offset });
      const piece = new Blob([file.bytes.slice(offset, offset + PIECE)]);
      const answer = await ask(`/api/v1/sync/files?${query}`, { method: "PUT", body: piece, headers: { "Content-Type": "application/octet-stream" } });
      if (answer.state === "stored") return null;
      if (answer.state === "refused") return answer.problem || "refused";
      offset = answer.received;
    }
    throw new Unreachable("the file does not arrive whole");
  }

  /** Send everything that has a number, by batches. Returns the last answer. */
  async #send() {
    let answer = null;
    let sent = new Set();
    for (;;) {
      const all = await operations.unsent(this.db);
      const next = (await this.#ready(all)).filter((each) => !sent.has(each.op_id)).slice(0, MOST);
      if (answer && !next.length) return answer;
      answer = await ask("/api/v1/sync/operations", { method: "POST", body: await this.#batch(next, all.length) });
      await operations.learn(this.db, answer.answers);
      next.forEach((each) => sent.add(each.op_id));
      if (answer.app_too_old) this.old = true;
      const highest = await this.db.get("facts", "known");
      if (highest !== undefined && answer.known_seq < highest) {
        await operations.unlearn(this.db, answer.known_seq);
        await this.db.delete("facts", "known");
        sent = new Set();
        continue;
      }
      await this.db.put("facts", answer.known_seq, "known");
      await this.db.put("facts", answer.skew_s, "skew");
    }
  }

  /** What can be sent, in order: after a restore of the server a file goes again before the operation that names it. */
  async #ready(all) {
    const numbered = all.filter((each) => each.seq !== null).sort((a, b) => a.seq - b.seq);
    for (const [place, each] of numbered.entries()) {
      const file = each.file && !each.problem && (await this.db.get("files", each.file));
      if (file && !file.stored) return numbered.slice(0, place);
    }
    return numbered;
  }

  async #batch(next, count) {
    return {
      device: this.person.device,
      app: APP,
      name: this.person.called || "",
      sent_at: new Date().toISOString(),
      unsent: Math.max(0, count - next.length),
      oldest_seq: await operations.oldest(this.db),
      operations: next.map(operations.wire),
    };
  }

  /** Fetch what has changed. Returns whether the device was revoked. */
  async #fetch() {
    for (;;) {
      const since = await this.db.get("facts", "cursor");
      const query = new URLSearchParams({ device: this.person.device, ...(since ? { since } : {}) });
      const page = await ask(`/api/v1/sync/changes?${query}`);
      if (page.revoked) return true;
      await this.#keep(page);
      if (!page.more) break;
    }
    await this.#seen();
    return false;
  }

  /** What the device has besides orders; nothing comes if nothing of it has changed. */
  async #catalogue() {
    const before = await this.db.get("facts", "catalogue");
    const answer = await fetch(`/api/v1/sync/catalogue?device=${this.person.device}`, { headers: before ? { "If-None-Match": before.tag } : {} }).catch(() => null);
    if (!answer || answer.status !== 200) return;
    await this.db.put("facts", { ...(await answer.json()), tag: answer.headers.get("etag") }, "catalogue");
  }

  /** What the person has not seen yet; what they have dismissed here is sent before. A refusal holds up nothing else. */
  async #news() {
    try {
      const until = await this.db.get("facts", "news_seen");
      if (until) await ask(`/api/v1/me/messages/${until}/seen`, { method: "POST" });
      const answer = await ask("/api/v1/me/news", { headers: { "Accept-Language": language } });
      if (answer.person !== this.person.person) return;
      const { store, done } = this.db.transaction("facts", "readwrite");
      await store.put(answer.news, "news");
      if ((await store.get("news_seen")) === until) await store.delete("news_seen");
      await done;
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401) throw error;
    }
  }

  async #keep(page) {
    const transaction = this.db.transaction(["orders", "operations", "facts"], "readwrite");
    const [orders, acts, facts] = ["orders", "operations", "facts"].map((each) => transaction.objectStore(each));
    const snapshot = page.reset ? [...((await facts.get("snapshot")) || []), ...page.orders.map((each) => each.order.id)] : null;
    for (const each of page.orders) {
      const before = await orders.get(each.order.id);
      await orders.put({ ...each, id: each.order.id, first_seen: before ? before.first_seen : Date.now(), heard: before && before.heard });
    }
    const gone = new Set(page.gone);
    if (page.reset && !page.more) {
      for (const id of await orders.getAllKeys()) if (!snapshot.includes(id)) gone.add(id);
    }
    for (const id of gone) await drop(orders, acts, id);
    for (const each of await orders.getAll()) {
      const { status, status_since } = each.order;
      const ended = ["closed", "cancelled", "cannot_complete"].includes(status) && Date.now() - Date.parse(status_since) > ENDED_KEPT_MS;
      if (ended) await drop(orders, acts, each.id);
    }
    if (page.reset && page.more) await facts.put(snapshot, "snapshot");
    else await facts.delete("snapshot");
    await facts.put(page.next, "cursor");
    await transaction.done;
  }

  /** The orders on the device have the effects of all that was answered before they were fetched. */
  async #seen() {
    const transaction = this.db.transaction("operations", "readwrite");
    for (const each of await transaction.store.index("state").getAll("answered")) {
      if (!each.fetched) await transaction.store.put({ ...each, fetched: true });
    }
    await transaction.done;
  }

  /** Revoked: everything was sent; delete it, and say so once that is done. */
  async #end() {
    if ((await operations.unsent(this.db)).some((each) => !each.problem)) return "revoked";
    this.stop();
    this.db.close();
    await wipe(this.person.device);
    const body = { device: this.person.device, app: APP, sent_at: new Date().toISOString(), wiped: true };
    await ask("/api/v1/sync/operations", { method: "POST", body }).catch(() => null);
    await forget(this.person.person);
    await this.changed("wiped");
    return "wiped";
  }
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((each) => each.toString(16).padStart(2, "0")).join("");
}

/** Drop an order that is no longer theirs; one with something unsent or undecided stays, marked. */
async function drop(orders, acts, id) {
  const own = await acts.index("order").getAll(id);
  if (own.some((each) => each.state !== "answered")) {
    const row = await orders.get(id);
    if (row) await orders.put({ ...row, gone: true });
  } else await orders.delete(id);
}
