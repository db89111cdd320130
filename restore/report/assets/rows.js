// A section cut into rows: a stretch of source on the left, what became of it on the right.
//
// A row ends where a newline of the source is still a newline of the restored text and nothing moved there, so both sides
// are at the same place. Long stretches without such a newline are cut inside a line.

const ROW_FULL = 1600;
const ROW_LONGEST = 3200;
const CHUNK = 700;

/** Rows of a section: run range [from, to), source range [a, b), and whether it goes on inside a line. */
function cutRows(section) {
  const { kind, a, b, mv, n } = section;
  const rows = [];
  let from = 0, source = section.from, size = 0, inside = section.goesOn;
  const add = (row) => rows.push({ ...row, section, k: rows.length, chunk: null });
  const close = (to, upto, goesOn) => {
    // what was moved away leaves source without a counterpart: its own rows, so that none grows without bound
    let first = source;
    while (upto - first > ROW_LONGEST) {
      const line = lastAtMost(LINE_STARTS, first + ROW_FULL);
      const cut = LINE_STARTS[line] > first ? LINE_STARTS[line] : first + ROW_FULL;
      add({ from, to: from, a: first, b: cut, inside: false, size: cut - first });
      first = cut;
    }
    add({ from, to, a: first, b: upto, inside, size: Math.max(size, upto - first) });
    from = to;
    source = upto;
    size = 0;
    inside = goesOn;
  };
  for (let k = 0; k < n; k++) {
    if (kind[k] !== GHOST && kind[k] !== CUT) size += b[k] - a[k];
    const still = mv[k] < 0;
    if (kind[k] === LINE && still) {
      while (k + 1 < n && kind[k + 1] === LINE && mv[k + 1] < 0 && a[k + 1] === a[k] + 1) k++;
      close(k + 1, a[k] + 1, false);
    } else if (size >= ROW_FULL && kind[k] === OWN && still && kind[k + 1] !== LINE) close(k + 1, b[k], true);
    else if (size >= ROW_LONGEST) close(k + 1, source, kind[k] !== LINE && kind[k] !== BREAK);
  }
  if (from < n || source < section.to) close(n, section.to, false);
  section.rows = rows;
}

/** By correction: the row of its section that shows it, and the one where its source stands. */
const PLACES = { shown: new Int32Array(NC).fill(-1), source: new Int32Array(NC) };
/** Index of the row of a section in which a source offset is. */
function rowIn({ rows }, offset) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].a <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
function placeInRows(layout, section) {
  const { shown, source } = PLACES;
  const { rows, kind, mv } = section;
  for (const i of section.corrections) shown[i] = -1;
  const place = (i, row) => {
    if (shown[i] < 0 && HOME[i] === section.k) shown[i] = row;
  };
  rows.forEach((row, index) => {
    for (let k = row.from; k < row.to; k++) {
      const i = corrOf(section, k);
      // a move is shown where its line stands, not where it closed up behind it
      if (i >= 0 && kind[k] !== GHOST && C.kind[i] !== KIND_MOVE) place(i, index);
      if (mv[k] >= 0) place(mv[k], index);
    }
  });
  for (const i of section.corrections) {
    const offset = PLACE[i];
    let row = rowIn(section, offset);
    // an insertion at the end of a line stands behind its last character, in the row before
    if (row > 0 && rows[row].a === offset && shown[i] === row - 1) row--;
    source[i] = row;
  }
  for (const i of section.corrections) {
    let j = i;
    for (let guard = 0; shown[j] < 0 && layout.shownAs.has(j) && guard < 20; guard++) j = layout.shownAs.get(j);
    if (shown[i] < 0) shown[i] = HOME[j] === section.k && shown[j] >= 0 ? shown[j] : source[i];
  }
}

/** Rows gathered into chunks, the unit that is painted; stretches without a wanted mark are folded. */
function gatherChunks(section, wanted, fold) {
  const { rows, mv } = section;
  const hit = (row) => {
    for (let k = row.from; k < row.to; k++) {
      const i = corrOf(section, k);
      if ((i >= 0 && wanted[i]) || (mv[k] >= 0 && wanted[mv[k]])) return true;
    }
    return false;
  };
  const chunks = [];
  let chunk = null;
  const add = (part, size) => {
    if (!chunk || chunk.size + size > CHUNK * 1.5 || chunk.size >= CHUNK) chunks.push((chunk = { section, parts: [], size: 0, element: null }));
    chunk.parts.push(part);
    chunk.size += size;
    for (let k = part.from; k < part.to; k++) rows[k].chunk = chunk;
  };
  for (let k = 0; k < rows.length; ) {
    let end = k;
    while (fold && end < rows.length && !fold.opened.has(rows[end].a) && !hit(rows[end])) end++;
    if (end - k >= 3) add({ from: k, to: end, folded: true }, 40);
    else add({ from: k, to: (end = k + 1), folded: false }, rows[k].size + 20);
    k = end;
  }
  section.chunks = chunks;
}
