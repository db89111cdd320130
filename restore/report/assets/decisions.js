// What was decided about each correction: a byte each, and the texts of those that a person rewrote.

const ACCEPTED = 1, REJECTED = 2, REWRITTEN = 3;
const DECISION = [undefined, Object.freeze({ what: "accept" }), Object.freeze({ what: "reject" })];
const DECISION_CODE = { accept: ACCEPTED, reject: REJECTED, edit: REWRITTEN };

/** Used like a Map from the index of a correction to {what: "accept" | "reject" | "edit", text?}; goes in ascending order. */
class Decisions {
  constructor(list = []) {
    this.codes = new Uint8Array(NC);
    this.texts = new Map();
    this.size = 0;
    for (const [i, one] of list) this.set(i, one);
  }
  has(i) {
    return this.codes[i] > 0;
  }
  get(i) {
    return this.codes[i] === REWRITTEN ? { what: "edit", text: this.texts.get(i) } : DECISION[this.codes[i]];
  }
  set(i, { what, text }) {
    this.put(i, DECISION_CODE[what], text);
  }
  delete(i) {
    this.put(i, 0);
  }
  /** As `set` and `delete`, by code. */
  put(i, code, text) {
    this.size += (code > 0) - (this.codes[i] > 0);
    if (this.codes[i] === REWRITTEN) this.texts.delete(i);
    this.codes[i] = code;
    if (code === REWRITTEN) this.texts.set(i, text);
  }
  *[Symbol.iterator]() {
    for (let i = 0; i < NC; i++) if (this.codes[i]) yield [i, this.get(i)];
  }
}
