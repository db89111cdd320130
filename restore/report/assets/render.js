// Source and corrections to text: the same rules as render() in restore/ledger.py, with a run for everything shown.
//
// The page is laid out in sections, which nothing crosses, so that one decision costs as much as one section.
//
// A run is a stretch of one kind: OWN source text [a, b) (ref: the edit that proposes to change it, or -1), CUT source text
// that edit `ref` deletes, PUT characters [a, b) of the text of edit `ref` (swap: it replaces), POINT where a proposed
// insertion would stand, GHOST where correction `ref` took [a, b) away, LINE a source newline, BREAK a supplied one.

const OWN = 0, CUT = 1, PUT = 2, SWAP = 3, POINT = 4, GHOST = 5, LINE = 6, BREAK = 7;
const OFF = 0, ON = 1, COVERED = 2; // an edit: not applied, applied, its text replaced by a later correction
const LONGEST_RUN = 1200;

const BY_CERTAINTY = Uint8Array.from(C.certainty, (level) => (level >= THRESHOLD ? 1 : 0));
/** Which corrections the text has: what is accepted brings what it stands on, what is rejected takes what stands on it. */
function acceptedBy({ codes }) {
  const on = BY_CERTAINTY.slice();
  for (let i = 0; i < NC; i++) if (codes[i]) on[i] = 1;
  for (const j of foundations(LEANING.filter((i) => codes[i] && codes[i] !== REJECTED))) on[j] = 1;
  for (let i = 0; i < NC; i++) if (codes[i] === REJECTED) on[i] = 0;
  for (const i of LEANING) if (on[i] && NEEDS.get(i).some((j) => !on[j])) on[i] = 0;
  return on;
}

/** Edits of a correction that supply or delete text. */
function textRows(i) {
  const rows = [];
  for (let r = C.first[i]; r < C.first[i + 1]; r++) if (E.kind[r] !== MOVE) rows.push(r);
  return rows;
}
const isEditable = (i) => C.kind[i] !== KIND_MOVE && textRows(i).length === 1;
/**
 * A person's text for correction i: it stands at its first edit, its other edits supply nothing, and what later
 * corrections made of the same text gives way (as restore/decisions.py has it).
 */
function rewriteRows(i, text, on, state, rewritten, shownAs) {
  textRows(i).forEach((r, k) => {
    for (const m of above(r)) {
      if (!on[E.corr[m]]) continue;
      state[m] = COVERED;
      shownAs.set(E.corr[m], i);
    }
    state[r] = ON;
    rewritten.set(r, k ? "" : text);
  });
  shownAs.delete(i);
}

/**
 * The layout of the page under decisions; `update` brings it to others.
 *
 * A section that an update changed is `stale` until `fresh` makes its runs, and tells `laid` so: what is out of sight can wait.
 */
function layOut(decisions, laid = () => {}) {
  const layout = {
    on: new Uint8Array(NC),
    state: new Uint8Array(NE),
    /** the correction that shows an earlier one's text as changed by it */
    shownAs: new Map(),
    rewritten: new Map(),
    edited: new Set(),
    hiddenBy: new Int32Array(N).fill(-1),
    offBy: new Int32Array(N).fill(-1),
    movedBy: MOVE_ROWS.length ? new Int32Array(N).fill(-1) : null,
    offMove: MOVE_ROWS.length ? new Int32Array(N).fill(-1) : null,
    sections: SECTIONS.map((bounds) => ({ ...bounds, rows: [], chunks: [], stale: true })),
    textOf: (r) => layout.rewritten.get(r) ?? POOL[E.text[r]],
    /** Take other decisions; gives the sections that may differ, which are stale now. `which`: what was decided. */
    update(decisions, which) {
      const on = acceptedBy(decisions);
      const touched = new Set();
      const touch = (i) => {
        for (let r = C.first[i]; r < C.first[i + 1]; r++) touched.add(SECTION_OF[r]);
      };
      // accepting what is applied changes no text
      if (layout.edited.size || decisions.texts.size) for (const i of which) if (layout.edited.has(i) || decisions.texts.has(i)) touch(i);
      for (let i = 0; i < NC; i++) if (on[i] !== layout.on[i]) touch(i);
      layout.on = on;
      const edits = [...decisions.texts].filter(([i]) => on[i]).sort((x, y) => x[0] - y[0]);
      layout.edited = new Set(edits.map(([i]) => i));
      // a person's text for a correction of several sections is settled in all of them
      for (let before = -1; before !== touched.size; ) {
        before = touched.size;
        for (const [i] of edits) if (textRows(i).some((r) => touched.has(SECTION_OF[r]))) touch(i);
      }
      const changed = [...touched].sort((x, y) => x - y).map((k) => layout.sections[k]);
      for (const section of changed) settle(layout, section);
      for (const [i, text] of edits) {
        const rows = textRows(i);
        if (!touched.has(SECTION_OF[rows[0]])) continue;
        const same = rows.map((r) => POOL[E.text[r]]).join("") === text;
        if (!same || rows.some((r) => above(r).some((m) => on[E.corr[m]]))) rewriteRows(i, text, on, layout.state, layout.rewritten, layout.shownAs);
      }
      for (const section of changed) section.stale = true;
      return changed;
    },
    /** A section as it is under the decisions. */
    fresh(section) {
      if (section.stale) {
        section.stale = false;
        runsOf(layout, section);
        laid(layout, section);
      }
      return section;
    },
    /** All sections; with a time (ms, as of performance.now) null when it is over before they are done. */
    whole(until = Infinity) {
      for (const section of layout.sections) {
        if (section.stale && performance.now() > until) return null;
        layout.fresh(section);
      }
      return layout.sections;
    },
    /** The restored text. */
    text() {
      const out = [];
      for (const { kind, a, b, ref } of layout.whole()) {
        for (let k = 0; k < kind.length; k++) {
          if (kind[k] === OWN) out.push(src(a[k], b[k]));
          else if (kind[k] === PUT || kind[k] === SWAP) out.push(layout.textOf(ref[k]).slice(a[k], b[k]));
          else if (kind[k] === LINE || kind[k] === BREAK) out.push("\n");
        }
      }
      return out.join("");
    },
    /** Characters deleted, supplied and moved, and gaps. */
    sums() {
      const all = { deleted: 0, supplied: 0, moved: 0, gaps: 0 };
      for (const { sums } of layout.whole()) for (const name of Object.keys(all)) all[name] += sums[name];
      return all;
    },
  };
  layout.on = acceptedBy(decisions);
  layout.on.forEach((one, i) => (layout.on[i] = 1 - one)); // everything differs from what nobody has laid out yet
  layout.update(decisions, []);
  return layout;
}

/** Which edits of a section show their text. */
function settle({ on, state, shownAs, rewritten }, section) {
  const settleRow = (r) => {
    state[r] = on[E.corr[r]] ? ON : OFF;
    rewritten.delete(r);
    shownAs.delete(E.corr[r]);
  };
  for (let k = section.firstText; k < section.lastText; k++) settleRow(TEXT_ROWS[k]);
  section.moves.forEach(settleRow);
  for (const r of section.over) {
    if (!on[E.corr[r]]) continue;
    if (state[E.over[r]] === ON) state[E.over[r]] = COVERED;
    shownAs.set(E.corr[E.over[r]], E.corr[r]);
  }
}

/** The runs of a section, from the state of its edits. */
function runsOf({ state, rewritten, textOf, hiddenBy, offBy, movedBy, offMove }, section) {
  const { from: begin, to: end, moves } = section;
  hiddenBy.fill(-1, begin, end);
  offBy.fill(-1, begin, end);
  const cover = (r) => {
    if (state[r] === ON) hiddenBy.fill(r, E.start[r], E.end[r]);
    else if (state[r] === OFF) offBy.fill(r, E.start[r], E.end[r]);
  };
  for (const r of section.wide) cover(r);
  let moving = false;
  if (movedBy) {
    movedBy.fill(-1, begin, end);
    offMove.fill(-1, begin, end);
  }
  for (const r of moves) {
    if (state[r] === ON) movedBy.fill(r, E.start[r], E.end[r]), (moving = true);
    else if (state[r] === OFF) offMove.fill(r, E.start[r], E.end[r]);
  }

  const kind = [], a = [], b = [], ref = [], mv = [];
  const push = (k, from, to, which, mover) => {
    kind.push(k), a.push(from), b.push(to), ref.push(which), mv.push(mover);
  };
  const sums = { deleted: 0, supplied: 0, moved: 0, gaps: 0 };

  const put = (r, mover) => {
    if (state[r] === COVERED) return;
    const wide = E.end[r] > E.start[r];
    if (state[r] === OFF) {
      if (!wide && E.kind[r] !== DELETE) push(POINT, E.start[r], E.start[r], r, mover);
      return;
    }
    const text = textOf(r);
    if (!text) return;
    if (E.kind[r] === GAP && !rewritten.has(r)) sums.gaps++;
    else sums.supplied += text.length;
    let from = 0, what = wide ? SWAP : PUT;
    for (;;) {
      const at = text.indexOf("\n", from);
      const to = at < 0 ? text.length : at;
      if (to > from || what === SWAP) push(what, from, to, r, mover), (what = PUT);
      if (at < 0) return;
      push(BREAK, at, at + 1, r, mover);
      from = at + 1;
    }
  };
  const chars = (from, to, mover) => {
    let s = from;
    while (s < to) {
      const hidden = hiddenBy[s], off = offBy[s];
      if (hidden < 0 && CODES[s] === 10) {
        push(LINE, s, s + 1, off, mover);
        s++;
        continue;
      }
      let e = s + 1;
      if (hidden >= 0) while (e < to && hiddenBy[e] === hidden) e++;
      else while (e < to && hiddenBy[e] < 0 && offBy[e] === off && CODES[e] !== 10 && e - s < LONGEST_RUN) e++;
      const last = kind.length - 1;
      const which = hidden >= 0 ? hidden : off;
      const what = hidden >= 0 ? CUT : OWN;
      if (hidden >= 0) sums.deleted += e - s;
      if (hidden >= 0 && textOf(hidden)) {
        // a replacement: its text stands at its first character and says what it replaces
      } else if (
        last >= 0 && kind[last] === what && ref[last] === which && mv[last] === mover && b[last] === s &&
        (what === CUT || b[last] - a[last] < LONGEST_RUN)
      ) {
        b[last] = e;
      } else push(what, s, e, which, mover);
      s = e;
    }
  };
  const segment = (from, to, mover) => {
    if (mover >= 0) sums.moved += to - from;
    let s = from, k = SLOT_AT[from];
    while (s < to) {
      const next = k < TEXT_ROWS.length ? SLOT[TEXT_ROWS[k]] : N;
      if (next > s) {
        const e = Math.min(next, to);
        chars(s, e, mover);
        s = e;
        continue;
      }
      const end = SLOT_AT[s + 1];
      while (k < end && SIDE[TEXT_ROWS[k]] === BEFORE) put(TEXT_ROWS[k++], mover);
      chars(s, s + 1, mover);
      while (k < end) put(TEXT_ROWS[k++], mover);
      s++;
    }
  };

  if (!moving) segment(begin, end, -1);
  else {
    // lines that move, as runs of one destination; they stand before the unmoved character at `to`
    const bySource = [];
    for (let s = begin; s < end; ) {
      const r = movedBy[s];
      let e = s + 1;
      while (e < end && movedBy[e] === r) e++;
      if (r >= 0) bySource.push({ a: s, b: e, to: E.to[r], rank: E.rank[r], corr: E.corr[r] });
      s = e;
    }
    const byTarget = [...bySource].sort((x, y) => x.to - y.to || x.rank - y.rank || x.a - y.a);
    let target = 0, from = 0, pos = begin;
    for (;;) {
      while (target < byTarget.length && byTarget[target].to <= pos) {
        const one = byTarget[target++];
        segment(one.a, one.b, one.corr);
      }
      if (pos >= end) break;
      while (from < bySource.length && bySource[from].b <= pos) from++;
      const here = from < bySource.length && bySource[from].a <= pos ? bySource[from] : null;
      let stop = here ? here.b : from < bySource.length ? bySource[from].a : end;
      if (target < byTarget.length) stop = Math.min(stop, byTarget[target].to);
      if (!here) segment(pos, stop, -1);
      else if (pos === here.a) push(GHOST, here.a, here.b, here.corr, -1);
      pos = stop;
    }
  }
  if (end === N) for (let k = SLOT_AT[N]; k < TEXT_ROWS.length; k++) put(TEXT_ROWS[k], -1);

  Object.assign(section, { kind, a, b, ref, mv, sums, n: kind.length });
}
/** The correction that run k of a section belongs to, or -1. */
function corrOf(section, k) {
  const ref = section.ref[k];
  return section.kind[k] === GHOST ? ref : ref >= 0 ? E.corr[ref] : -1;
}
