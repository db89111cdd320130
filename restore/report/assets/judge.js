// What a person decided: kept by correction, undone step by step, exported as decisions.json.

const judge = {
  /** index -> {what: "accept" | "reject" | "edit", text?} */
  decisions: new Map(),
  /** decisions of an earlier run whose correction is gone: id -> decision */
  gone: new Map(),
  /** undo: each step is a list of [index, decision before] */
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
  const list = [...judge.decisions].sort((x, y) => x[0] - y[0]).map(([i, one]) => ({ ...asEntry(i, one), ...label(i) }));
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
  keepSoon(which.map((i) => C.id(i)));
  judge.changed(which);
}
function step(changes) {
  const undo = [];
  for (const [i, one] of changes) {
    undo.push([i, judge.decisions.get(i)]);
    if (one) judge.decisions.set(i, one);
    else judge.decisions.delete(i);
  }
  judge.steps.push(undo);
  decided(undo.map(([i]) => i));
}

/** Accept corrections, and what they stand on. */
function accept(which) {
  const changes = new Map(which.map((i) => [i, { what: "accept" }]));
  for (const j of foundations(which)) if (!paint.layout.on[j]) changes.set(j, { what: "accept" });
  step(changes);
}

/** Reject corrections; what stands on them falls, and an earlier "accept" of that is taken back. */
function reject(which) {
  const changes = new Map(which.map((i) => [i, { what: "reject" }]));
  for (const j of dependents(which)) {
    const one = judge.decisions.get(j);
    if (!changes.has(j) && one && one.what !== "reject") changes.set(j, null);
  }
  step(changes);
}

/** Put another text in place of a correction's own. */
function rewrite(i, text) {
  const changes = new Map([[i, { what: "edit", text }]]);
  for (const j of foundations([i])) if (!paint.layout.on[j]) changes.set(j, { what: "accept" });
  // of the corrections of one stretch of text only one can carry a person's text
  for (const j of [...foundations([i]), ...dependents([i])]) {
    const same = textRows(j).some((r) => textRows(i).some((m) => ROOT[m] === ROOT[r]));
    if (same && judge.decisions.get(j)?.what === "edit") changes.set(j, { what: "accept" });
  }
  step(changes);
}

/** Take back the last step; gives the first correction it was about, or -1. */
function undo() {
  const last = judge.steps.pop();
  if (!last) return -1;
  for (const [i, one] of last) {
    if (one) judge.decisions.set(i, one);
    else judge.decisions.delete(i);
  }
  decided(last.map(([i]) => i));
  return last[0][0];
}

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
const baseName = () => DATA.source.name.replace(/^.*[\\/]/, "").replace(/[<>"'&]/g, "") || "dump";
