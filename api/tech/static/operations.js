// Operations: each act of a person, written before the screen says that it is saved.
import { KEPT_MS, uuid7 } from "./store.js";

const STRICT = { durability: "strict" };

/**
 * Record an act. It is on the disk when this returns.
 *
 * Its number (`seq`) is what it is sent by. An operation with a file gets one when the file has been uploaded, and what is
 * recorded of the same order after it waits likewise: so a photo that a step needs is there before the step, and a file
 * that cannot be sent holds up no other order.
 */
export async function record(db, { kind, order = null, content, file = null }) {
  const transaction = db.transaction(["operations", "files", "facts"], "readwrite", STRICT);
  const [operations, files, facts] = ["operations", "files", "facts"].map((each) => transaction.objectStore(each));
  const place = ((await facts.get("place")) || 0) + 1;
  const operation = {
    op_id: uuid7(), place, seq: null, kind, order, occurred_at: new Date().toISOString(), content,
    file: null, state: "unsent", verdict: null, answer: null, answered_at: null, fetched: false, dismissed: false,
  };
  if (file) {
    operation.file = uuid7();
    operation.content = { ...content, attachment: operation.file };
    await files.put({ id: operation.file, order, stored: false, ...file });
  }
  await operations.put(operation);
  await facts.put(place, "place");
  await giveNumbers(operations, files, facts);
  await transaction.done;
  return db.get("operations", operation.op_id);
}

/** Give numbers to the operations whose turn has come, in the order in which they were recorded. */
async function giveNumbers(operations, files, facts) {
  let seq = (await facts.get("seq")) || 0;
  const waiting = new Set();
  const unsent = (await operations.index("state").getAll("unsent")).sort((a, b) => a.place - b.place);
  for (const each of unsent) {
    if (each.seq !== null) continue;
    const file = each.file && (await files.get(each.file));
    if ((file && !file.stored && !each.problem) || waiting.has(each.order)) {
      waiting.add(each.order);
      continue;
    }
    if (each.problem) continue;
    seq += 1;
    each.seq = seq;
    await operations.put(each);
  }
  await facts.put(seq, "seq");
}

export async function number(db) {
  const transaction = db.transaction(["operations", "files", "facts"], "readwrite", STRICT);
  await giveNumbers(...["operations", "files", "facts"].map((each) => transaction.objectStore(each)));
  await transaction.done;
}

/** What has no answer yet, as it was recorded. */
export async function unsent(db) {
  const found = await db.getAllFromIndex("operations", "state", "unsent");
  return found.sort((a, b) => a.place - b.place);
}

/** What the server answered and a person has to look at: conflicts, refusals, and files that it does not take. */
export async function undecided(db) {
  const asked = await db.getAllFromIndex("operations", "state", "asked");
  const stuck = (await unsent(db)).filter((each) => each.problem);
  return [...asked, ...stuck].sort((a, b) => a.place - b.place);
}

/** The operation as it is sent. */
export function wire(each) {
  const { op_id, seq, kind, order, occurred_at, content } = each;
  return { op_id, seq, kind, occurred_at, content, ...(order ? { order } : {}) };
}

const ASKS = new Set(["conflict", "refused"]);

/** Note the answers to a batch. Only an answer makes the device forget, and what a person must see stays until then. */
export async function learn(db, answers) {
  const transaction = db.transaction("operations", "readwrite", STRICT);
  for (const answer of answers) {
    const each = answer.op_id && (await transaction.store.get(answer.op_id));
    if (!each || answer.verdict === "early") continue;
    const verdict = answer.verdict === "already" ? answer.first : answer.verdict;
    each.state = ASKS.has(verdict) && !each.dismissed ? "asked" : "answered";
    each.verdict = verdict;
    each.answer = answer;
    each.answered_at = Date.now();
    each.fetched = false;
    await transaction.store.put(each);
    const settled = each.content.resolves && verdict !== "conflict" && (await transaction.store.get(each.content.resolves));
    if (settled) await transaction.store.put({ ...settled, state: "answered" });
  }
  await transaction.done;
}

/** Begin again after the server was restored from a backup: what it no longer knows is unsent, 30 days back. */
export async function unlearn(db, known) {
  const transaction = db.transaction(["operations", "files"], "readwrite", STRICT);
  const operations = transaction.objectStore("operations");
  const files = transaction.objectStore("files");
  let again = 0;
  for (const each of await operations.getAll()) {
    if (each.state === "unsent" || each.seq === null || each.seq <= known) continue;
    const file = each.file && (await files.get(each.file));
    if (file) await files.put({ ...file, stored: false });
    await operations.put({ ...each, state: "unsent", verdict: null, answer: null, answered_at: null, fetched: false });
    again += 1;
  }
  await transaction.done;
  return again;
}

/** The lowest number that the device still has: the server waits for nothing before it. */
export async function oldest(db) {
  const numbers = (await db.getAll("operations")).map((each) => each.seq).filter((each) => each !== null);
  return numbers.length ? Math.min(...numbers) : ((await db.get("facts", "seq")) || 0) + 1;
}

/** Drop what was answered more than 30 days ago, with its files. */
export async function prune(db, now = Date.now()) {
  const transaction = db.transaction(["operations", "files"], "readwrite");
  for (const each of await transaction.objectStore("operations").index("state").getAll("answered")) {
    if (now - each.answered_at < KEPT_MS) continue;
    await transaction.objectStore("operations").delete(each.op_id);
    if (each.file) await transaction.objectStore("files").delete(each.file);
  }
  await transaction.done;
}

/** Everything that has not been sent, with its files, as a text that another device can read. */
export async function exported(db, person) {
  const rows = await unsent(db);
  const files = [];
  for (const each of rows.filter((row) => row.file)) {
    const file = await db.get("files", each.file);
    files.push({ id: file.id, operation: each.op_id, name: file.name, type: file.type, base64: await base64(file.bytes) });
  }
  return JSON.stringify({ person: person.person, device: person.device, written_at: new Date().toISOString(), operations: rows.map(wire), files }, null, 1);
}

function base64(bytes) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(new Blob([bytes]));
  });
}
