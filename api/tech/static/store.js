// The store on the device: who uses it, and for each of them a database of their own. The schema has a version; an
// upgrade adds, and never deletes what has not been sent.
import { deleteDB, openDB } from "./vendor/idb/index.js";

const VERSION = 1;
const PEOPLE = "plantwright-people";
const named = (device) => `plantwright-of-${device}`;
const DAYS_KEPT = 30;
export const KEPT_MS = DAYS_KEPT * 86_400_000;

/** Upgrades by the version that they lead to. */
const UPGRADES = {
  1: (db) => {
    db.createObjectStore("orders", { keyPath: "id" });
    const operations = db.createObjectStore("operations", { keyPath: "op_id" });
    operations.createIndex("place", "place", { unique: true });
    operations.createIndex("state", "state");
    operations.createIndex("order", "order");
    db.createObjectStore("files", { keyPath: "id" });
    db.createObjectStore("facts");
  },
};

function upgraded(db, before, after, transaction) {
  for (let version = before + 1; version <= after; version += 1) UPGRADES[version](db, transaction);
}

const people = () => openDB(PEOPLE, 1, { upgrade: (db) => void db.createObjectStore("people", { keyPath: "person" }) });

async function withPeople(act) {
  const db = await people();
  try {
    return await act(db);
  } finally {
    db.close();
  }
}

/** Everybody who has a store on this device. */
export const everybody = () => withPeople((db) => db.getAll("people"));
export const known = (person) => withPeople((db) => db.get("people", person));
export const note = (row) => withPeople((db) => db.put("people", row));
export const forget = (person) => withPeople((db) => db.delete("people", person));

/** Change what is known of somebody; nothing if they are not known. */
export async function amend(person, facts) {
  return withPeople(async (db) => {
    const transaction = db.transaction("people", "readwrite");
    const row = await transaction.store.get(person);
    if (row) await transaction.store.put({ ...row, ...facts });
    await transaction.done;
    return row && { ...row, ...facts };
  });
}

/** Open somebody's store. Another tab with a newer app closes it, and this one begins anew. */
export async function open(device) {
  const db = await openDB(named(device), VERSION, {
    upgrade: upgraded,
    blocking: () => {
      db.close();
      location.reload();
    },
    terminated: () => location.reload(),
  });
  return db;
}

/** Delete somebody's store. */
export const wipe = (device) => deleteDB(named(device));

/** How full the browser's storage is, from 0 to 1; null: it does not say. */
export async function fullness() {
  if (!navigator.storage || !navigator.storage.estimate) return null;
  const { usage, quota } = await navigator.storage.estimate();
  return quota ? usage / quota : null;
}

/** Ask the browser never to drop the store by itself; returns its answer. */
export async function persist() {
  if (!navigator.storage || !navigator.storage.persist) return false;
  return (await navigator.storage.persisted()) || navigator.storage.persist();
}

/** A UUID of version 7: its time first, so that ids sort as they were made. */
export function uuid7(now = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 0; place < 6; place += 1) bytes[place] = Math.floor(now / 2 ** (8 * (5 - place))) & 255;
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
