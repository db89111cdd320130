// The source cut into sections that no edit and no move crosses: what is decided in one changes nothing in another.

const SECTION = 5000; // characters, at least; one without a seam where it may be cut is longer

const SECTIONS = (() => {
  // how many edits and moves go over each place between two characters
  const over = new Int32Array(N + 2), edited = new Uint8Array(N + 1);
  const bar = (a, b) => {
    if (b - a > 1) over[a + 1]++, over[b]--;
  };
  for (let r = 0; r < NE; r++) {
    if (E.kind[r] === MOVE) bar(Math.min(E.start[r], E.to[r]), Math.max(E.end[r], E.to[r] + 1));
    else bar(E.start[r], E.end[r]), edited.fill(1, E.start[r], E.end[r]);
  }
  const starts = [0];
  for (let p = 1, depth = 0; p < N; p++) {
    depth += over[p];
    const size = p - starts.at(-1);
    if (depth || size < SECTION || CODES[p] === 10) continue;
    // best behind a line end that stays; a text without any is cut inside a line
    if ((CODES[p - 1] === 10 && !edited[p - 1]) || size > 4 * SECTION) starts.push(p);
  }
  return starts.map((from, k) => ({ k, from, to: starts[k + 1] ?? N, goesOn: from > 0 && CODES[from - 1] !== 10, over: [], wide: [], moves: [], corrections: [] }));
})();
const SECTION_STARTS = Int32Array.from(SECTIONS, (section) => section.from);
/** Number of the section with a source offset. */
const sectionAt = (offset) => lastAtMost(SECTION_STARTS, Math.min(offset, Math.max(0, N - 1)));

/** The section of each edit: where the character is that carries its text. */
const SECTION_OF = Int32Array.from(E.kind, (kind, r) => sectionAt(kind === MOVE ? E.start[r] : SLOT[r]));
/** The section that shows a correction: that of its first edit. */
const HOME = new Int32Array(NC);
for (let i = 0; i < NC; i++) SECTIONS[(HOME[i] = SECTION_OF[C.first[i]] ?? 0)].corrections.push(i);
for (const section of SECTIONS) {
  section.firstText = SLOT_AT[section.from];
  section.lastText = section.to === N ? TEXT_ROWS.length : SLOT_AT[section.to];
}
for (let r = 0; r < NE; r++) {
  const section = SECTIONS[SECTION_OF[r]];
  if (E.kind[r] === MOVE) section.moves.push(r);
  else if (E.end[r] > E.start[r]) section.wide.push(r);
  if (E.over[r] >= 0) section.over.push(r);
}
