// What the app says, in the language of the person; the texts come with the shell, one file for each language.

let texts = { codes: {} };
export let language = "en";

/** Read the texts of a language. They are kept with the app, so this needs no network. */
export async function speak(wanted) {
  language = wanted === "de" ? "de" : "en";
  const answer = await fetch(`/tech/texts/${language}.json`);
  texts = await answer.json();
  document.documentElement.lang = language;
}

/** Return a text by its name, `{name}` in it filled. */
export function say(name, facts = {}) {
  const text = texts[name];
  if (text === undefined) throw new Error(`no text: ${name}`);
  return text.replace(/\{(\w+)\}/g, (_, each) => facts[each]);
}

/** Return one of two texts, for one thing or several. */
export function counted(one, many, count) {
  return say(count === 1 ? one : many, { count });
}

/** Return a code of the plant in words. */
export function code(value) {
  if (value === null || value === undefined) return "";
  return texts.codes[value] || String(value).replaceAll("_", " ");
}

/** Return pairs of code and words, for a select field. */
export function coded(group) {
  return texts.groups[group].map((each) => [each, code(each)]);
}

const locale = () => (language === "de" ? "de-DE" : "en-GB");

/** Return a number as people read it. */
export function number(value) {
  return Number(Number(value).toPrecision(6)).toLocaleString(locale(), { maximumFractionDigits: 6 });
}

/** Read a number that somebody typed, with a comma or a point; NaN: it is none. */
export function typed(text) {
  const plain = text.trim().replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

let home;

/** Set the time zone of what is of no one order: that of the site. */
export function settle(zone) {
  home = zone;
}

function formatted(value, zone, options) {
  if (!value) return "";
  return new Intl.DateTimeFormat(locale(), { timeZone: zone || home, ...options }).format(new Date(value));
}

/** A time of day of the site. */
export const clock = (value, zone) => formatted(value, zone, { hour: "2-digit", minute: "2-digit" });
/** A day of the site. */
export const day = (value, zone) => formatted(value, zone, { weekday: "short", day: "numeric", month: "short" });
/** A date of the site's calendar, as 2026-03-02, in words. */
export const calendar = (value) => formatted(`${value}T12:00Z`, "UTC", { day: "numeric", month: "short", year: "numeric" });
/** A day, a year and a time of the site. */
export const full = (value, zone) => formatted(value, zone, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
/** A day and a time of the site. */
export const moment = (value, zone) => formatted(value, zone, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
/** The date of a moment at the site, which sorts: 2026-03-02. */
export const date = (value, zone) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone || home, dateStyle: "short" }).format(new Date(value));
/** How large something is. */
export const size = (bytes) => (bytes < 1e6 ? `${number(Math.ceil(bytes / 1e3))} kB` : `${number(Math.round(bytes / 1e5) / 10)} MB`);

/** Begin with a capital, as a sentence does. */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
