// The corrections as typed arrays, as restore/ledger.py keeps them.

const DELETE = 0, INSERT = 1, REPLACE = 2, MOVE = 3, GAP = 4;
const BEFORE = 0, BODY = 1, AFTER = 2;
const [KIND_MOVE, KIND_GAP, KIND_GLYPH, KIND_DELETION, KIND_SUPPLIED, KIND_MARK, KIND_SPACE] = [0, 1, 2, 3, 4, 5, 6];

function toCodes(text) {
  if (typeof text !== "string") return Uint32Array.from(text);
  const codes = new Uint32Array(text.length);
  let n = 0;
  for (let k = 0; k < text.length; k++, n++) {
    codes[n] = text.codePointAt(k);
    if (codes[n] > 0xffff) k++;
  }
  return codes.slice(0, n);
}
const fromCodes = (codes) => {
  let out = "";
  for (let k = 0; k < codes.length; k += 4096) out += String.fromCodePoint(...codes.subarray(k, k + 4096));
  return out;
};

const CODES = toCodes(DATA.source.text);
const N = CODES.length;
const TEXT_IS_INDEX = typeof DATA.source.text === "string" && DATA.source.text.length === N;
/** Source characters [a, b) as a string. */
const src = TEXT_IS_INDEX ? (a, b) => DATA.source.text.slice(a, b) : (a, b) => fromCodes(CODES.subarray(a, b));

const NC = DATA.corrections.pass.length;
const NE = DATA.edits.kind.length;
const C = {
  pass: Int16Array.from(DATA.corrections.pass),
  certainty: Int8Array.from(DATA.corrections.certainty),
  score: Float32Array.from(DATA.corrections.score),
  message: Int32Array.from(DATA.corrections.message),
  first: Int32Array.from([...DATA.corrections.first, NE]),
  kind: Int8Array.from(DATA.corrections.kind),
  id: (i) => DATA.corrections.id.slice(12 * i, 12 * i + 12),
};
const E = {
  kind: Int8Array.from(DATA.edits.kind),
  start: Int32Array.from(DATA.edits.start),
  end: Int32Array.from(DATA.edits.width),
  text: Int32Array.from(DATA.edits.text),
  side: Int8Array.from(DATA.edits.side),
  corr: new Int32Array(NE),
  to: new Int32Array(NE),
  rank: new Float64Array(NE),
  over: new Int32Array(NE).fill(-1),
};
for (let r = 0; r < NE; r++) E.end[r] += E.start[r];
for (let i = 0; i < NC; i++) E.corr.fill(i, C.first[i], C.first[i + 1]);
const sparse = ({ row, value }, column) => row.forEach((r, k) => (column[r] = value[k]));
sparse(DATA.edits.to, E.to);
sparse(DATA.edits.rank, E.rank);
sparse(DATA.edits.over, E.over);
const MOVE_ROWS = Int32Array.from(E.kind.keys()).filter((r) => E.kind[r] === MOVE);
const POOL = DATA.texts.map((text) => (typeof text === "string" ? text : fromCodes(Uint32Array.from(text))));
const PASSES = DATA.passes.map((one) => one.name);
const THRESHOLD = DATA.threshold;

/** What changes no letter and is sure: line ends joined, widths. A review folds these into one row per pass. */
const ROUTINE = Uint8Array.from(C.kind, (kind, i) => (kind >= KIND_MARK && C.certainty[i] >= THRESHOLD ? 1 : 0));

/** Where a correction stands on the page: the first source offset it touches. */
const PLACE = new Int32Array(NC);
for (let i = 0; i < NC; i++) {
  let least = N;
  for (let r = C.first[i]; r < C.first[i + 1]; r++) least = Math.min(least, E.start[r]);
  PLACE[i] = least;
}

// ---- who stands on whom
const pairs = (table) => new Map(Object.entries(table).map(([key, list]) => [Number(key), list]));
const BUILDS_ON = pairs(DATA.builds_on);
const REQUIRES = pairs(DATA.requires);
const LEANING = [...new Set([...BUILDS_ON.keys(), ...REQUIRES.keys()])].sort((a, b) => a - b);
const NEEDS = new Map(LEANING.map((i) => [i, [...(BUILDS_ON.get(i) ?? []), ...(REQUIRES.get(i) ?? [])]]));
const CARRIES = new Map();
for (const [i, needs] of NEEDS) {
  for (const j of needs) {
    if (CARRIES.has(j)) CARRIES.get(j).push(i);
    else CARRIES.set(j, [i]);
  }
}

function reach(from, next) {
  const found = new Set();
  const todo = [...from];
  while (todo.length) for (const j of next(todo.pop())) if (!found.has(j)) found.add(j), todo.push(j);
  for (const i of from) found.delete(i);
  return [...found].sort((a, b) => a - b);
}
/** Corrections that fall when all of `which` are rejected, ascending. */
const dependents = (which) => reach(which, (i) => CARRIES.get(i) ?? []);
/** Corrections that `which` stand on, ascending. */
const foundations = (which) => reach(which, (i) => NEEDS.get(i) ?? []);

// ---- the order of texts: by the slot (source offset) that carries them, side, rank, row
const SLOT = new Int32Array(NE);
const SIDE = new Int8Array(NE);
for (let r = 0; r < NE; r++) {
  const slot = E.side[r] === AFTER ? E.start[r] - 1 : E.start[r];
  SLOT[r] = Math.max(slot, 0);
  SIDE[r] = slot < 0 ? BEFORE : E.side[r];
}
/** The row at the bottom of what a row stands over: a text keeps the place of the one it replaces. */
const ROOT = Int32Array.from(E.over.keys());
for (let r = 0; r < NE; r++) if (E.over[r] >= 0) ROOT[r] = ROOT[E.over[r]]; // what it stands over came before it
const TEXT_ROWS = Int32Array.from(E.kind.keys())
  .filter((r) => E.kind[r] !== MOVE)
  .sort((x, y) => SLOT[x] - SLOT[y] || SIDE[x] - SIDE[y] || E.rank[x] - E.rank[y] || ROOT[x] - ROOT[y] || x - y);
/** TEXT_ROWS[SLOT_AT[s] .. SLOT_AT[s + 1]] are carried by source offset s. */
const SLOT_AT = new Int32Array(N + 2);
for (const r of TEXT_ROWS) SLOT_AT[SLOT[r] + 1]++;
for (let s = 0; s <= N; s++) SLOT_AT[s + 1] += SLOT_AT[s];

/** Rows that take the place of the text of another, and by that other the rows that do. */
const OVER_ROWS = Int32Array.from(E.over.keys()).filter((r) => E.over[r] >= 0);
const OVER_BY = new Map();
for (const r of OVER_ROWS) OVER_BY.set(E.over[r], [...(OVER_BY.get(E.over[r]) ?? []), r]);
/** All rows that stand over row r, directly or not. */
const above = (r) => (OVER_BY.get(r) ?? []).flatMap((m) => [m, ...above(m)]);

// ---- printed lines of the dump
const LINE_STARTS = (() => {
  const starts = [0];
  for (let k = 0; k < N; k++) if (CODES[k] === 10) starts.push(k + 1);
  return Int32Array.from(starts);
})();
/** Index of the last entry of ascending `list` that is <= `value`. */
function lastAtMost(list, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (list[mid] <= value) low = mid + 1;
    else high = mid;
  }
  return low - 1;
}
const lineOf = (offset) => lastAtMost(LINE_STARTS, offset);

/** Numbers of the moves, in page order, from 1. */
const MOVE_NUMBER = new Map();
[...Array(NC).keys()]
  .filter((i) => C.kind[i] === KIND_MOVE)
  .sort((a, b) => PLACE[a] - PLACE[b])
  .forEach((i, k) => MOVE_NUMBER.set(i, k + 1));

/** Role of the block that begins with a source offset. */
const ROLE_AT = new Map(DATA.blocks.map(([offset, role]) => [offset, role]));
