// What a person decided: kept by correction, undone step by step, exported as decisions.json.

const judge = {
  decisions: new Decisions(),
  /** decisions of an earlier run whose correction is gone: id -> decision */
  gone: new Map(),
  /** undo: each step is {which, codes, texts}, the indices of corrections and what was decided about them before */
  steps: [],
  changed: () => {},
};

const INDEX_OF = new Map();
for (let i = 0; i < NC; i++) INDEX_OF.set(C.id(i), i);

function loadDecisions() {
  if (!SERVED) for (const [key, what] of Object.entries(DATA.decisions)) judge.decisions.set(Number(key), { what });
  const saved = keptBefore();
  if (!saved || saved.format !== "restore-decisions" || !Array.isArray(saved.decisions)) return;
  for (const one of saved.decisions) {
    const { id, decision, text } = one;
    const i = INDEX_OF.get(id);
    if (i === undefined) judge.gone.set(id, one);
    else if (decision === "none") judge.decisions.delete(i);
    else if (decision === "accept" || decision === "reject") judge.decisions.set(i, { what: decision });
    else if (decision === "edit" && typeof text === "string" && textRows(i).length) judge.decisions.set(i, { what: "edit", text });
  }
}

const LEVELS = ["low", "medium", "high"];
const asEntry = (i, one) =>
  one.what === "edit"
    ? { id: C.id(i), pass: PASSES[C.pass[i]], decision: "edit", text: one.text }
    : { id: C.id(i), pass: PASSES[C.pass[i]], decision: one.what };

/** The decisions as the file that `restore apply` reads; with what makes each a labelled example, or without. */
function decisionsFile(labelled = true) {
  const label = (i) => (labelled ? { certainty: LEVELS[C.certainty[i]], score: Number(C.score[i].toFixed(4)) } : {});
  const list = [...judge.decisions].map(([i, one]) => ({ ...asEntry(i, one), ...label(i) }));
  return {
    format: "restore-decisions",
    version: 1,
    source: { name: DATA.source.name, sha256: DATA.source.sha256 },
    settings: DATA.settings,
    made_by: DATA.made_by,
    decisions: [...list, ...judge.gone.values()],
  };
}

function decided(which) {
  keepSoon(which);
  judge.changed(which);
}
/** Decide the same (a code) about all of `which`, and of `others` (index -> decision, or null for none). */
function step(which, code, others = new Map()) {
  const { decisions } = judge;
  const all = Int32Array.from([...which, ...others.keys()]);
  const texts = new Map();
  for (const i of all) if (decisions.texts.has(i)) texts.set(i, decisions.texts.get(i));
  judge.steps.push({ which: all, codes: Uint8Array.from(all, (i) => decisions.codes[i]), texts });
  for (const i of which) decisions.put(i, code);
  for (const [i, one] of others) one ? decisions.set(i, one) : decisions.delete(i);
  decided(all);
}
const broughtBy = (which) => new Map(foundations(which).filter((j) => !paint.layout.on[j]).map((j) => [j, DECISION[ACCEPTED]]));

/** Accept corrections, and what they stand on. */
function accept(which) {
  step(which, ACCEPTED, broughtBy(which));
}

/** Reject corrections; what stands on them falls, and an earlier "accept" of that is taken back. */
function reject(which) {
  const { codes } = judge.decisions;
  step(which, REJECTED, new Map(dependents(which).filter((j) => codes[j] && codes[j] !== REJECTED).map((j) => [j, null])));
}

/** Put another text in place of a correction's own. */
function rewrite(i, text) {
  const others = broughtBy([i]);
  // of the corrections of one stretch of text only one can carry a person's text
  for (const j of [...foundations([i]), ...dependents([i])]) {
    const same = textRows(j).some((r) => textRows(i).some((m) => ROOT[m] === ROOT[r]));
    if (same && judge.decisions.texts.has(j)) others.set(j, DECISION[ACCEPTED]);
  }
  step([], 0, new Map([[i, { what: "edit", text }], ...others]));
}

/** Take back the last step; gives the first correction it was about, or -1. */
function undo() {
  const last = judge.steps.pop();
  if (!last) return -1;
  last.which.forEach((i, k) => judge.decisions.put(i, last.codes[k], last.texts.get(i)));
  decided(last.which);
  return last.which[0];
}

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
const baseName = () => DATA.source.name.replace(/^.*[\\/]/, "").replace(/[<>"'&]/g, "") || "dump";
