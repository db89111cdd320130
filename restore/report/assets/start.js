"use strict";
// What every part uses: the data, the words of the interface, small helpers.

const $ = (id) => document.getElementById(id);
const DATA = JSON.parse($("data").textContent);
const WORDS = JSON.parse($("words").textContent);

let language = "en";

/** The interface text `key` in the reader's language; `{name}` in it is replaced from `values`. */
function t(key, values) {
  const text = WORDS[language][key] ?? WORDS.en[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "") : text;
}

const FORMAT = { zh: new Intl.NumberFormat("zh-CN"), en: new Intl.NumberFormat("en") };
/** A pass's message in the reader's language, in English where the table has none; `{}` in it stands for what differs. */
function said(text) {
  const table = (said[language] ??= messageTable(WORDS.messages[language] ?? {}));
  for (const [pattern, words] of table) {
    const found = pattern.exec(text);
    if (!found) continue;
    let k = 0;
    return words.replace(/\{\}/g, () => found[++k] ?? "");
  }
  return text;
}
function messageTable(messages) {
  const literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return Object.entries(messages).map(([text, words]) => [new RegExp(`^${text.split("{}").map(literal).join("(.+?)")}$`, "su"), words]);
}
/** What a piece of evidence is called. */
const label = (key) => WORDS[language][`ev_${key}`] ?? key.replaceAll("_", " ");
const count = (number) => FORMAT[language].format(number);

// Characters that must never reach the page as they are: markup, and what is invisible or turns the text around it.
const UNSAFE = /[&<>"'\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const ENTITY = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\n": "\n", "\t": "\t" };

/** Text as HTML: markup escaped, control, bidi and undecodable characters shown as chips with their number. */
function esc(text) {
  return text.replace(UNSAFE, (char) => {
    const safe = ENTITY[char];
    if (safe !== undefined) return safe;
    const code = char.codePointAt(0);
    const byte = code >= 0xdc80 && code <= 0xdcff;
    const name = byte ? `\\x${(code - 0xdc00).toString(16)}` : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    return `<span class="chip">${name}</span>`;
  });
}

/** Text for an attribute or a plain label: what `esc` would show as chips is left out. */
const plain = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, " ");

/** White space made visible; four or more in a row are counted. */
const visible = (text) => text.replace(/([ \u3000\t])\1{3,}/g, (run, one) => `${one}×${run.length}`).replace(/\r?\n/g, "⏎").replace(/ /g, "␣").replace(/\u3000/g, "□").replace(/\t/g, "⇥");

const clip = (text, most) => {
  const chars = Array.from(text);
  return chars.length <= most ? text : `${chars.slice(0, most - 1).join("")}…`;
};

/** Browser storage that may be forbidden or full; both are reported once and cost nothing else. */
const store = {
  works: true,
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      this.works = false;
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
      return true;
    } catch {
      this.works = false;
      return false;
    }
  },
};
