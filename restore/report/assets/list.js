// Which corrections are wanted, in which order, and the list of them: only the rows in sight are in the document.

const filter = { passes: new Set(), certainty: new Set([0, 1, 2]), least: 0, most: 1, decision: "all", text: "", order: "weight", open: new Set() };

/** What a correction takes out and puts in, as strings. */
function change(i) {
  let before = "", after = "";
  const edited = judge.decisions.get(i);
  for (let r = C.first[i]; r < C.first[i + 1]; r++) {
    if (E.kind[r] === MOVE) {
      before += src(E.start[r], E.end[r]);
      after = before;
    } else {
      before += src(E.start[r], E.end[r]);
      after += POOL[E.text[r]];
    }
  }
  if (edited?.what === "edit") after = edited.text;
  return { before, after };
}
const lastOffset = (i) => {
  let most = 0;
  for (let r = C.first[i]; r < C.first[i + 1]; r++) most = Math.max(most, E.end[r]);
  return most;
};

/** 1 for every correction that passes the filter. */
function wantedNow() {
  const wanted = new Uint8Array(NC);
  const needle = filter.text.trim().toLowerCase();
  for (let i = 0; i < NC; i++) {
    if (filter.passes.size && !filter.passes.has(C.pass[i])) continue;
    if (!filter.certainty.has(C.certainty[i])) continue;
    if (C.score[i] < filter.least || C.score[i] > filter.most) continue;
    if (filter.decision !== "all" && stateWord(i) !== filter.decision) continue;
    if (needle && !haystack(i).includes(needle)) continue;
    wanted[i] = 1;
  }
  return wanted;
}
function haystack(i) {
  const { before, after } = change(i);
  const around = src(Math.max(0, PLACE[i] - 8), Math.min(N, lastOffset(i) + 8));
  return `${before}\n${after}\n${around}\n${DATA.messages[C.message[i]]}\n${said(DATA.messages[C.message[i]])}\n${C.id(i)}`.toLowerCase();
}

/** open | accept | reject | edit | fallen (its foundation was rejected). */
function stateWord(i) {
  const one = judge.decisions.get(i);
  if (one && (one.what === "reject" || paint.layout.on[i])) return one.what;
  if (!paint.layout.on[i] && (one || C.certainty[i] >= THRESHOLD)) return "fallen";
  return "open";
}

const GROUP = (pass) => -1 - pass; // an entry that stands for all routine corrections of a pass
const passOfGroup = (entry) => -1 - entry;

/** Entries of the list in order: correction indices, and groups of routine ones that are not unfolded. */
function entriesNow(wanted) {
  const single = [], groups = new Set();
  for (let i = 0; i < NC; i++) {
    if (!wanted[i]) continue;
    if (ROUTINE[i] && !filter.open.has(C.pass[i])) groups.add(C.pass[i]);
    else single.push(i);
  }
  const least = (i, j) => C.certainty[i] - C.certainty[j] || C.score[i] - C.score[j];
  const orders = {
    weight: (i, j) => C.kind[i] - C.kind[j] || least(i, j) || PLACE[i] - PLACE[j],
    certainty: (i, j) => least(i, j) || PLACE[i] - PLACE[j],
    page: (i, j) => PLACE[i] - PLACE[j] || i - j,
  };
  single.sort(orders[filter.order]);
  return [...single, ...[...groups].sort((x, y) => x - y).map(GROUP)];
}

const routineOf = (pass, wanted) => {
  const out = [];
  for (let i = 0; i < NC; i++) if (wanted[i] && ROUTINE[i] && C.pass[i] === pass) out.push(i);
  return out;
};

const passName = (pass) => t(`pass_${PASSES[pass]}`) === `pass_${PASSES[pass]}` ? PASSES[pass] : t(`pass_${PASSES[pass]}`);
const kindName = (kind) => t(`kind_${DATA.kinds[kind]}`);
const certaintyName = (level) => t(["low", "medium", "high"][level]);

const ENTRY_HEIGHT = 46;
const KIND_SIGN = ["⇅", "…", "字", "−", "+", "，", "␣"];

/** The list in the side panel. */
const list = {
  entries: [],
  at: new Map(),
  counts: new Map(),
  show(entries, wanted) {
    this.entries = entries;
    this.at = new Map(entries.map((entry, k) => [entry, k]));
    this.counts.clear();
    for (const entry of entries) if (entry < 0) this.counts.set(entry, routineOf(passOfGroup(entry), wanted).length);
    $("list-space").style.height = `${entries.length * ENTRY_HEIGHT}px`;
    this.measure();
    this.draw();
  },
  // where the list is scrolled to and how high it is: asking the page would make it lay itself out first
  top: 0,
  height: 0,
  measure() {
    this.top = $("list").scrollTop;
    this.height = $("list").clientHeight;
  },
  draw(current = page.current) {
    const box = $("list");
    if (!this.height) this.measure();
    const from = Math.max(0, Math.floor(this.top / ENTRY_HEIGHT) - 6);
    const to = Math.min(this.entries.length, Math.ceil((this.top + this.height) / ENTRY_HEIGHT) + 6);
    this.write(from, to, current);
    const k = this.at.get(current);
    if (k !== undefined && k >= from && k < to) box.setAttribute("aria-activedescendant", `entry-${k}`);
    else box.removeAttribute("aria-activedescendant");
  },
  drawn: new Map(), // rank -> {html, element}
  /** Put the entries of a range into the document; those that are there already stay. */
  write(from, to, current) {
    const space = $("list-space"), parser = document.createElement("template");
    const drawn = new Map();
    let after = null;
    for (let k = to - 1; k >= from; k--) {
      const html = this.entry(this.entries[k], k, current);
      const old = this.drawn.get(k);
      let element = old?.element;
      if (old?.html !== html) {
        parser.innerHTML = html;
        element = parser.content.firstChild;
        if (old) old.element.replaceWith(element);
      }
      if (element.parentNode !== space || element.nextSibling !== after) space.insertBefore(element, after);
      after = element;
      drawn.set(k, { html, element });
      this.drawn.delete(k);
    }
    for (const { element } of this.drawn.values()) element.remove();
    this.drawn = drawn;
  },
  entry(entry, k, current) {
    const open = `<div role="option" id="entry-${k}" class="entry${entry < 0 ? " group" : ""}" data-e="${entry}" aria-selected="${entry === current}" aria-posinset="${k + 1}" aria-setsize="${this.entries.length}" style="top:${k * ENTRY_HEIGHT}px">`;
    if (entry < 0) {
      const pass = passOfGroup(entry);
      return `${open}<i class="sign">≡</i><span class="what">${esc(passName(pass))}</span><span class="sub">${esc(t("routine_n", { n: count(this.counts.get(entry)) }))}</span></div>`;
    }
    const i = entry;
    const { before, after } = change(i);
    const what = C.kind[i] === KIND_MOVE
      ? `<b class="no">${MOVE_NUMBER.get(i)}</b>${esc(clip(before.trim(), 14))}`
      : `${before ? "" : `<span class="lead">${esc(plain(src(Math.max(0, PLACE[i] - 4), PLACE[i])).trim())}</span>`}${before ? `<del>${esc(clip(visible(before), 9))}</del>` : ""}${before && after ? " → " : ""}${after ? `<ins>${esc(clip(visible(after), 9))}</ins>` : ""}`;
    const state = stateWord(i);
    return `${open}<i class="sign" title="${esc(kindName(C.kind[i]))}">${KIND_SIGN[C.kind[i]]}</i><span class="what" lang="zh">${what}</span><span class="sub">${esc(passName(C.pass[i]))} · ${esc(t("line_n", { n: lineOf(PLACE[i]) + 1 }))}</span><span class="sure s${C.certainty[i]}">${esc(certaintyName(C.certainty[i]))} ${C.score[i].toFixed(2)}</span><span class="state ${state}">${state === "open" ? "" : esc(t(`state_${state}`))}</span></div>`;
  },
  reveal(entry) {
    const k = this.at.get(entry);
    if (k === undefined) return;
    const box = $("list");
    const top = k * ENTRY_HEIGHT;
    if (top < this.top) this.top = top;
    else if (top + ENTRY_HEIGHT > this.top + this.height) this.top = top + ENTRY_HEIGHT - this.height;
    else return;
    box.scrollTop = this.top;
  },
};
