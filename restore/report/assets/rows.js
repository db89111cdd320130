// The laid-out page cut into rows: a stretch of source on the left, what became of it on the right.
//
// A row ends where a newline of the source is still a newline of the restored text and nothing moved there, so both sides
// are at the same place. Long stretches without such a newline are cut inside a line.

const ROW_FULL = 1600;
const ROW_LONGEST = 3200;
const CHUNK = 1500;

/** Rows of a layout: run range [from, to), source range [a, b), and whether it goes on inside a line. */
function cutRows(layout) {
  const { kind, a, b, mv } = layout;
  const rows = [];
  let from = 0, source = 0, size = 0, inside = false;
  const close = (to, upto, goesOn) => {
    // what was moved away leaves source without a counterpart: its own rows, so that none grows without bound
    let first = source;
    while (upto - first > ROW_LONGEST) {
      const line = lastAtMost(LINE_STARTS, first + ROW_FULL);
      const cut = LINE_STARTS[line] > first ? LINE_STARTS[line] : first + ROW_FULL;
      rows.push({ from, to: from, a: first, b: cut, inside: false, size: cut - first });
      first = cut;
    }
    rows.push({ from, to, a: first, b: upto, inside, size: Math.max(size, upto - first) });
    from = to;
    source = upto;
    size = 0;
    inside = goesOn;
  };
  for (let k = 0; k < layout.n; k++) {
    if (kind[k] !== GHOST && kind[k] !== CUT) size += b[k] - a[k];
    const still = mv[k] < 0;
    if (kind[k] === LINE && still) {
      while (k + 1 < layout.n && kind[k + 1] === LINE && mv[k + 1] < 0 && a[k + 1] === a[k] + 1) k++;
      close(k + 1, a[k] + 1, false);
    } else if (size >= ROW_FULL && kind[k] === OWN && still && kind[k + 1] !== LINE) close(k + 1, b[k], true);
    else if (size >= ROW_LONGEST) close(k + 1, source, kind[k] !== LINE && kind[k] !== BREAK);
  }
  if (from < layout.n || source < N) close(layout.n, N, false);
  return rows;
}

/** The row each correction is shown in, and the row where its source stands; -1 for none. */
function placeInRows(layout, rows) {
  const shown = new Int32Array(NC).fill(-1);
  rows.forEach((row, index) => {
    for (let k = row.from; k < row.to; k++) {
      const i = layout.corr(k);
      if (i >= 0 && layout.kind[k] !== GHOST && shown[i] < 0) shown[i] = index;
      if (layout.mv[k] >= 0 && shown[layout.mv[k]] < 0) shown[layout.mv[k]] = index;
    }
  });
  const rowOf = new Int32Array(N + 1);
  rows.forEach((row, index) => rowOf.fill(index, row.a, row.b + 1));
  const source = Int32Array.from(PLACE, (offset) => {
    let row = rowOf[offset];
    // an insertion at the end of a line stands behind its last character, in the row before
    if (row > 0 && rows[row].a === offset && offset > 0 && shown[row] === row - 1) row--;
    return row;
  });
  for (const [earlier, later] of layout.shownAs) if (shown[earlier] < 0) shown[earlier] = shown[later];
  for (let i = 0; i < NC; i++) if (shown[i] < 0) shown[i] = source[i];
  return { shown, source };
}

/** Rows gathered into chunks, the unit that is painted; stretches without a wanted mark are folded. */
function gatherChunks(layout, rows, wanted, fold) {
  const hits = new Uint8Array(rows.length);
  rows.forEach((row, index) => {
    for (let k = row.from; k < row.to && !hits[index]; k++) {
      const i = layout.corr(k);
      if ((i >= 0 && wanted[i]) || (layout.mv[k] >= 0 && wanted[layout.mv[k]])) hits[index] = 1;
    }
  });
  const chunks = [];
  let chunk = null;
  const add = (part, size) => {
    if (!chunk || chunk.size + size > CHUNK * 1.5 || chunk.size >= CHUNK) chunks.push((chunk = { parts: [], size: 0 }));
    chunk.parts.push(part);
    chunk.size += size;
  };
  for (let k = 0; k < rows.length; ) {
    let end = k;
    while (fold && end < rows.length && !hits[end] && !fold.opened.has(rows[end].a)) end++;
    if (end - k >= 3) {
      add({ folded: [k, end] }, 40);
      k = end;
    } else {
      add({ row: k }, rows[k].size + 20);
      k++;
    }
  }
  return chunks;
}
