// What scripts say, in the page's language: the page brings the texts (data-said), and {name} in them is filled in here.
"use strict";
{
  const texts = JSON.parse(document.body.dataset.said);
  window.said = (name, facts = {}) => texts[name].replace(/\{(\w+)\}/g, (_, each) => facts[each]);
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  window.said.language = language;
  window.said.number = (value, digits) => Number(value.toPrecision(digits)).toLocaleString(language, { maximumSignificantDigits: digits, useGrouping: false });
}
