// Rows as HTML. Everything from the dump goes through esc().

const STATE_CLASS = { accept: " acc", reject: " rej", edit: " edt" };

/** What painting needs to know, filled in by the page. */
const paint = { layout: null, decisions: new Decisions(), wanted: new Uint8Array(NC), quiet: false };

function markClass(i) {
  const decided = paint.decisions.get(i);
  return (
    (ROUTINE[i] ? " routine" : "") +
    (paint.layout.on[i] ? "" : " off") +
    (C.certainty[i] === 0 ? " low" : "") +
    (decided ? STATE_CLASS[decided.what] : "")
  );
}
const wantedMark = (i) => paint.wanted[i] === 1 && !(paint.quiet && ROUTINE[i]);

/** A mark; `what` is its shape, `label` the word a screen reader says with it. */
function mark(tag, what, i, html, label) {
  const said = html ? `aria-description="${esc(label)}"` : `role="img" aria-label="${esc(label)}"`;
  return `<${tag} class="m ${what}${markClass(i)}" data-c="${i}" ${said}>${html}</${tag}>`;
}
const blank = (text) => /^[\s\u3000]+$/.test(text);

/** Extent of a gap, as "≤ 19" ems, or "". */
function extent(i) {
  const [least, most] = DATA.evidence[i]?.extent_ems ?? [0, null];
  if (most === null || most === undefined) return least ? `≥ ${Math.round(least)}` : "";
  return least && Math.round(least) !== Math.round(most) ? `${Math.round(least)}–${Math.round(most)}` : `≤ ${Math.round(most)}`;
}

// full-width marks whose ink is on the right
const OPENS = /^[“‘（《〈「『【〔［｛]$/;
function supplied(r, i, text) {
  if (E.kind[r] === GAP && text === "〔…〕") {
    const size = extent(i);
    return mark("ins", "gap", i, `〔…〕${size ? `<span class="ext">${size} ${esc(t("ems"))}</span>` : ""}`, t("says_gap"));
  }
  const what = blank(text) ? "put sp" : OPENS.test(text) ? "put opens" : "put";
  return mark("ins", what, i, esc(text), t("says_ins"));
}

/** Opens and closes the rail of a moved line as runs go by. */
class Rail {
  constructor(numbered) {
    this.open = -1;
    this.seen = numbered;
  }
  to(mover) {
    if (mover === this.open) return "";
    let html = this.open >= 0 ? "</span>" : "";
    this.open = mover >= 0 && wantedMark(mover) ? mover : -1;
    if (this.open >= 0) {
      const badge = this.seen.has(mover) ? "" : number(mover);
      this.seen.add(mover);
      html += `<span class="mv${markClass(mover)}" data-c="${mover}">${badge}`;
    }
    return html;
  }
  end() {
    return this.to(-1);
  }
}
const number = (i) => `<b class="no">${MOVE_NUMBER.get(i) ?? ""}</b>`;

/** The restored side of a row; `inline` shows what was taken out as well. Gives paragraphs. */
function restoredHtml(row, inline) {
  const { kind, a, b, ref, mv } = row.section;
  const numbered = new Set();
  if (row.from > 0 && mv[row.from] >= 0 && mv[row.from] === mv[row.from - 1]) numbered.add(mv[row.from]);
  const rail = new Rail(numbered);
  let html = "", item = "", filled = false, goesOn = row.inside, role = "", roleKnown = false, ghost = -1;
  const flush = () => {
    item += rail.end();
    if (filled || item) html += `<p class="${role || "p"}${goesOn ? " goes-on" : ""}">${item}</p>`;
    item = role = "";
    filled = goesOn = roleKnown = false;
  };
  for (let k = row.from; k < row.to; k++) {
    const i = corrOf(row.section, k);
    const want = i >= 0 && wantedMark(i);
    if (kind[k] !== GHOST && kind[k] !== CUT) ghost = -1;
    if (kind[k] === LINE) {
      if (want) item += mark("span", "brk proposed", i, "", t("says_del"));
      flush();
      continue;
    }
    if (kind[k] === BREAK) {
      if (!item) continue; // the blank line between blocks
      if (want) item += mark("span", "brk", i, "", t("says_ins"));
      flush();
      continue;
    }
    if (!roleKnown && kind[k] !== GHOST) {
      role = ROLE_AT.get(kind[k] === OWN || kind[k] === CUT ? a[k] : E.start[ref[k]]) ?? "";
      roleKnown = true;
    }
    item += rail.to(mv[k]);
    if (kind[k] === OWN) {
      const text = src(a[k], b[k]);
      item += want ? mark("span", "kept", i, esc(text), t("says_proposed")) : esc(text);
      filled = true;
    } else if (kind[k] === CUT) {
      if (!want) continue;
      const text = src(a[k], b[k]);
      item += inline
        ? mark("del", blank(text) ? "cut sp" : "cut", i, esc(blank(text) ? visible(text) : text), t("says_del"))
        : mark("span", "seam", i, "", t("says_del"));
    } else if (kind[k] === PUT || kind[k] === SWAP) {
      const text = paint.layout.textOf(ref[k]).slice(a[k], b[k]);
      filled = true;
      if (!want) {
        item += E.kind[ref[k]] === GAP ? `<ins class="gap plain">${esc(text)}</ins>` : esc(text);
        continue;
      }
      if (kind[k] === SWAP && inline) {
        const old = src(E.start[ref[k]], E.end[ref[k]]);
        item += mark("del", blank(old) ? "cut sp" : "cut", i, esc(blank(old) ? visible(old) : old), t("says_del"));
      }
      if (text) item += supplied(ref[k], i, text);
    } else if (kind[k] === POINT) {
      if (want) item += mark("span", "point proposed", i, "", t("says_proposed"));
    } else if (kind[k] === GHOST) {
      if (!want || ghost === ref[k]) continue;
      ghost = ref[k];
      item += inline
        ? `<del class="m ghost long${markClass(i)}" data-c="${i}" aria-description="${esc(t("says_moved"))}">${number(i)}${esc(src(a[k], b[k]).trim())}</del>`
        : mark("span", "ghost", i, number(i), t("says_moved"));
    }
  }
  flush();
  return html;
}

/** The restored text without marks, for reading; gaps stay visible. */
function readingHtml(row) {
  const wanted = paint.wanted;
  paint.wanted = NOTHING;
  const html = restoredHtml(row, false);
  paint.wanted = wanted;
  return html;
}
const NOTHING = new Uint8Array(NC);

/** The source side of a row: its physical lines with their numbers. */
function sourceHtml(row) {
  let html = "";
  for (let at = row.a; at < row.b; ) {
    const line = lineOf(at);
    const next = line + 1 < LINE_STARTS.length ? LINE_STARTS[line + 1] : N;
    const end = Math.min(next, row.b);
    const text = sourceLine(at, end);
    const first = at === LINE_STARTS[line];
    if (text || end === N) html += `<div class="sl${first ? "" : " goes-on"}"><span class="ln">${first ? line + 1 : ""}</span><p>${text}</p></div>`;
    at = end;
  }
  return html;
}

function sourceLine(from, to) {
  const { hiddenBy, offBy, movedBy, offMove, state } = paint.layout;
  const rail = new Rail(new Set());
  if (from > 0 && movedBy && movedBy[from] >= 0 && movedBy[from] === movedBy[from - 1]) rail.seen.add(E.corr[movedBy[from]]);
  const moverOf = (s) => {
    if (movedBy && movedBy[s] >= 0) return E.corr[movedBy[s]];
    return offMove && offMove[s] >= 0 ? E.corr[offMove[s]] : -1;
  };
  let html = "";
  let k = SLOT_AT[from];
  const points = (upto) => {
    // insertions that stand before `upto`, in page order
    for (; k < TEXT_ROWS.length && SLOT[TEXT_ROWS[k]] < upto; k++) point(TEXT_ROWS[k]);
  };
  const point = (r) => {
    if (E.end[r] > E.start[r] || state[r] === COVERED || E.kind[r] === DELETE) return;
    const i = E.corr[r];
    if (wantedMark(i)) html += mark("span", E.kind[r] === GAP ? "point at-gap" : "point", i, "", t("says_ins"));
  };
  let s = from;
  while (s < to) {
    while (k < TEXT_ROWS.length && SLOT[TEXT_ROWS[k]] <= s && SIDE[TEXT_ROWS[k]] === BEFORE) point(TEXT_ROWS[k++]);
    const mover = moverOf(s), row = hiddenBy[s] >= 0 ? hiddenBy[s] : offBy[s];
    let e = s + 1;
    const stop = k < TEXT_ROWS.length ? Math.max(SLOT[TEXT_ROWS[k]], s + 1) : to;
    while (e < to && e < stop && moverOf(e) === mover && (hiddenBy[e] >= 0 ? hiddenBy[e] : offBy[e]) === row) e++;
    // an edit over several characters carries its text at the first of them: go on to its end
    if (row >= 0) while (e < to && moverOf(e) === mover && (hiddenBy[e] >= 0 ? hiddenBy[e] : offBy[e]) === row) e++;
    let text = src(s, e);
    if (e === to && text.endsWith("\n")) text = row >= 0 ? text : text.slice(0, -1);
    html += rail.to(mover);
    const i = row >= 0 ? E.corr[row] : -1;
    if (i >= 0 && wantedMark(i)) {
      const what = hiddenBy[s] >= 0 ? (paint.layout.textOf(row) ? "swapped" : "cut") : "kept";
      html += blank(text)
        ? mark(what === "kept" ? "span" : "del", `${what} sp`, i, esc(visible(text)), t("says_del"))
        : mark(what === "kept" ? "span" : "del", what, i, esc(text.replace(/\n$/, "⏎")), t("says_del"));
    } else html += esc(text.replace(/\n$/, ""));
    s = e;
    while (k < TEXT_ROWS.length && SLOT[TEXT_ROWS[k]] < s) point(TEXT_ROWS[k++]);
  }
  points(to);
  return html + rail.end();
}

const VIEWS = {
  side: (row) => `<div class="src">${sourceHtml(row)}</div><div class="out">${restoredHtml(row, false)}</div>`,
  inline: (row) => `<div class="out">${restoredHtml(row, true)}</div>`,
  read: (row) => `<div class="out">${readingHtml(row)}</div>`,
};

function chunkHtml(chunk, view) {
  const { rows, k } = chunk.section;
  return chunk.parts
    .map(({ from, to, folded }) => {
      if (folded) {
        const some = plain(src(rows[from].a, Math.min(rows[from].a + 24, rows[to - 1].b)).trim());
        const words = esc(t("folded", { n: count(to - from) }));
        return `<button type="button" class="fold" data-fold="${k},${from},${to}">${words}<span>${esc(some)}…</span></button>`;
      }
      return `<div class="row" data-row="${k}.${from}">${VIEWS[view](rows[from])}</div>`;
    })
    .join("");
}
