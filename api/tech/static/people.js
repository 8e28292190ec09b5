// Who uses the device: signing in, a store for each person, and the PIN in front of it.
import { amend, everybody, known, note, uuid7 } from "./store.js";

const ROUNDS = 600_000;
const TRIES = 5;
const WAIT_MS = 60_000;
export const PIN = /^\d{4,12}$/;

const hex = (bytes) => [...new Uint8Array(bytes)].map((each) => each.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g), (each) => parseInt(each, 16));

async function derived(pin, salt) {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  return hex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: ROUNDS }, key, 256));
}

/** Make a store for somebody who has signed in here for the first time; null without a PIN: they alone use the device. */
export async function welcome(found, pin, called) {
  const row = { person: found.person, name: found.name, device: uuid7(), language: found.language, called, locked: false, wrong: 0, until: 0, pin: null };
  if (pin) row.pin = await hashed(pin);
  await note(row);
  return row;
}

async function hashed(pin) {
  const salt = hex(crypto.getRandomValues(new Uint8Array(16)));
  return { salt, hash: await derived(pin, salt) };
}

export const choosePin = async (person, pin) => amend(person, { pin: pin ? await hashed(pin) : null });

/** Whether the PIN is right. After some wrong ones in a row it waits a minute; returns the milliseconds then. */
export async function opens(person, pin, now = Date.now()) {
  const row = await known(person);
  if (row.until > now) return { right: false, waits: row.until - now };
  const right = !row.pin || (await derived(pin, row.pin.salt)) === row.pin.hash;
  const wrong = right ? 0 : row.wrong + 1;
  const until = wrong && wrong % TRIES === 0 ? now + WAIT_MS : 0;
  await amend(person, { wrong, until });
  return { right, waits: until ? WAIT_MS : 0 };
}

export { everybody, known };
