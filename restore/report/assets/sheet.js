// The sheet: painting what is in sight, keeping the reader's place while the rest changes.

const page = { view: "side", current: null, fold: { opened: new Set() }, folding: false, chunks: [], width: 900, held: null, going: null };
const scroller = $("scroll");
const sheet = $("sheet");

const filled = new Set(); // chunks that are painted
const MOST_FILLED = 20;
const watcher = new IntersectionObserver(
  (seen) => {
    const near = seen.filter((one) => one.isIntersecting && one.target.chunk && !filled.has(one.target.chunk));
    if (!near.length) return;
    const old = new Set(near.map((one) => one.target.chunk.section).filter(isOutdated));
    if (old.size) renew([...old], anchorNow());
    for (const { target } of near) if (target.isConnected) fill(target.chunk);
    trim();
    // what was brought into sight a moment ago must not be pushed out of it
    const { held } = page;
    if (held && performance.now() < held.until && held.element.isConnected) scroller.scrollTop += held.element.getBoundingClientRect().top - held.y;
    refresh("arrow"); // what was painted may have pushed its ends away
  },
  { root: scroller, rootMargin: "800px 0px" },
);
const isVertical = () => page.view === "read" && document.body.classList.contains("vertical");
/** The row that shows a correction, and the one where its source stands. */
const homeOf = (i) => paint.layout.fresh(paint.layout.sections[HOME[i]]);
const shownRow = (i) => homeOf(i).rows[PLACES.shown[i]];
const sourceRow = (i) => homeOf(i).rows[PLACES.source[i]];
const rowAt = (offset) => {
  const section = paint.layout.fresh(paint.layout.sections[sectionAt(offset)]);
  return section.rows[rowIn(section, offset)];
};
/** Whether the sheet has a section as it was before the last decisions; none of that is painted. */
const isOutdated = (section) => section.stale || section.gathered !== section.rows;

function fill(chunk) {
  if (filled.has(chunk)) return;
  const { element } = chunk;
  chunk.html = chunkHtml(chunk, page.view);
  element.innerHTML = chunk.html;
  element.style.minHeight = "";
  filled.add(chunk);
  if (page.current !== null) lightCurrent(element);
}
/** A chunk in the place of one that was cut alike; it is painted again where it differs. */
function replaceChunk(chunk, old) {
  chunk.element = old.element;
  chunk.element.chunk = chunk;
  if (!filled.delete(old)) return;
  filled.add(chunk);
  chunk.html = chunkHtml(chunk, page.view);
  if (chunk.html === old.html) return;
  chunk.element.innerHTML = chunk.html;
  if (page.current !== null) lightCurrent(chunk.element);
}
/** Show on the marks of corrections what was decided about them, where nothing else changed. */
function restyle(which) {
  const marks = which.length < 50 ? Array.from(which).flatMap((i) => [...marksOf(i)]) : sheet.querySelectorAll("[data-c]");
  for (const element of marks) {
    const what = judge.decisions.get(Number(element.dataset.c))?.what;
    for (const [name, style] of Object.entries(STATE_CLASS)) element.classList.toggle(style.trim(), name === what);
  }
  // what is painted is no longer what was written: a later comparison must see that
  for (const element of marks) element.closest(".chunk").chunk.html = "";
}
/** Take what is painted out of chunks, which keep their height. */
function empty(chunks) {
  const heights = chunks.map(({ element }) => element.offsetHeight);
  chunks.forEach((chunk, k) => {
    chunk.element.style.minHeight = `${heights[k]}px`;
    chunk.element.innerHTML = "";
    filled.delete(chunk);
  });
}
function trim() {
  if (filled.size <= MOST_FILLED || isVertical()) return;
  const middle = scroller.scrollTop + scroller.clientHeight / 2;
  const far = [...filled].map((chunk) => [Math.abs(chunk.element.offsetTop - middle), chunk]).sort((x, y) => y[0] - x[0]);
  empty(far.slice(0, filled.size - MOST_FILLED).map(([, chunk]) => chunk));
}
function guess({ section, parts }) {
  const { width } = page;
  const perLine = Math.max(12, (page.view === "side" ? width / 2 - 60 : Math.min(width, 720)) / 17);
  let lines = 0;
  for (const part of parts) lines += part.folded ? 1.5 : Math.ceil(section.rows[part.from].size / perLine) + 0.6;
  return Math.round(lines * 31);
}

function gather(section) {
  section.gathered = paint.layout.fresh(section).rows;
  const seen = page.view === "read" ? NOTHING : paint.wanted;
  gatherChunks(section, seen, page.folding && page.view !== "read" ? page.fold : null);
}
/** Put empty chunks into the element of a section; what comes into sight is painted by the watcher. */
function plant(section, element) {
  section.element = element;
  element.innerHTML = section.chunks.map((chunk) => `<section class="chunk" style="min-height:${guess(chunk)}px"></section>`).join("");
  section.chunks.forEach((chunk, k) => {
    chunk.element = element.children[k];
    chunk.element.chunk = chunk;
    watcher.observe(chunk.element);
  });
}
/** Build the sheet anew from the rows. */
function rebuild() {
  watcher.disconnect();
  filled.clear();
  const { sections } = paint.layout;
  sections.forEach(gather);
  sheet.className = `sheet ${page.view}`;
  page.width = sheet.clientWidth || 900;
  sheet.innerHTML = "<div></div>".repeat(sections.length);
  sections.forEach((section, k) => plant(section, sheet.children[k]));
  page.chunks = sections.flatMap((section) => section.chunks);
}
/** Bring sections to the sheet whose rows are new: painted again where they are cut as before, else built anew. */
function renew(sections, anchor) {
  const likeness = (chunks) => chunks.map(({ parts }) => parts.map(({ from, to, folded }) => `${from}-${to}${folded}`)).join("|");
  let built = false;
  for (const section of sections) {
    const { chunks, gathered: rows } = section;
    gather(section);
    const same = rows.length === section.rows.length && rows.every((row, k) => row.a === section.rows[k].a) && likeness(chunks) === likeness(section.chunks);
    if (same) {
      section.chunks.forEach((chunk, k) => replaceChunk(chunk, chunks[k]));
    } else {
      const painted = chunks.some((chunk) => filled.has(chunk));
      for (const chunk of chunks) watcher.unobserve(chunk.element), filled.delete(chunk);
      plant(section, section.element);
      if (painted) built = true;
    }
  }
  page.chunks = paint.layout.sections.flatMap((section) => section.chunks);
  if (built) restoreAnchor(anchor);
}

function relayout() {
  paint.layout = layOut(judge.decisions, (layout, section) => (cutRows(section), placeInRows(layout, section)));
  paint.decisions = judge.decisions;
  paint.layout.whole();
}

/** Something was decided: paint again what is in sight and may differ; the rest follows when it is wanted or nothing else is. */
function afterDecision(which) {
  const { layout } = paint;
  const { going } = page; // what is brought into sight next
  const leaving = page.view !== "review" && !isVertical() && going !== null && !isInSight(going);
  const anchor = page.view === "review" || leaving ? null : anchorNow();
  const changed = layout.update(judge.decisions, which);
  const wanted = paint.wanted;
  if (filter.decision !== "all") refilter();
  if (page.view !== "review") {
    // in the review view the sheet is built when it is shown again
    if (wanted !== paint.wanted) rebuild(), restoreAnchor(anchor);
    else if (leaving) empty(paintedOf(changed));
    else renewInSight(changed, anchor);
    restyle(which);
  }
  refresh("head", "list", "why");
  if (changed.length) finishSoon();
}
function renewInSight(changed, anchor) {
  if (isVertical()) return renew(changed, anchor), page.chunks.forEach(fill);
  const sight = new Set(chunksInSight().map((chunk) => chunk.section));
  empty(paintedOf(changed.filter((section) => !sight.has(section))));
  const near = changed.filter((section) => sight.has(section));
  if (near.length) renew(near, anchor);
}
function paintedOf(sections) {
  const some = new Set(sections);
  return [...filled].filter((chunk) => some.has(chunk.section));
}
/** Whether a correction, as it is now, is shown in what is in sight or close to it. */
function isInSight(i) {
  const { chunk } = shownRow(i);
  return chunk !== null && filled.has(chunk) && chunksInSight().includes(chunk);
}
let finishing = 0;
/** Lay out what is stale while nobody asks for anything, in slices, and then say what can only be said of the whole. */
function finishSoon() {
  finishing ||= whenIdle((idle) => {
    finishing = 0;
    const time = idle?.timeRemaining ? Math.min(12, Math.max(4, idle.timeRemaining())) : 8;
    if (paint.layout.whole(performance.now() + time)) refresh("head");
    else finishSoon();
  });
}
// What stands beside the text is drawn once for each thing that happens, however many of its steps ask for it.
const DRAW = {
  head: () => head(),
  list: () => list.draw(),
  why: () => explain(),
  review: () => drawReview(),
  arrow: () => drawArrow(),
};
const stale = new Set();
function refresh(...parts) {
  if (!stale.size) queueMicrotask(redraw);
  for (const part of parts) stale.add(part);
}
function redraw() {
  for (const [part, draw] of Object.entries(DRAW)) if (stale.has(part)) draw();
  stale.clear();
}

// ------------------------------------------------------------------ the reader's place
/** Index of the first chunk whose end is below a height of the page. */
function firstBelow(height) {
  let from = 0, to = page.chunks.length;
  while (from < to) {
    const middle = (from + to) >> 1, { element } = page.chunks[middle];
    if (element.offsetTop + element.offsetHeight < height) from = middle + 1;
    else to = middle;
  }
  return from;
}
const rowOfElement = (element) => {
  const [section, k] = element.dataset.row.split(".");
  return paint.layout.sections[section].rows[k];
};
/** The row at the top of what is in sight, and where it is. */
function anchorNow() {
  const top = scroller.getBoundingClientRect().top;
  for (let k = firstBelow(scroller.scrollTop); k < page.chunks.length; k++) {
    if (!filled.has(page.chunks[k])) continue;
    for (const element of page.chunks[k].element.querySelectorAll(".row")) {
      const box = element.getBoundingClientRect();
      const row = box.bottom > top + 4 ? rowOfElement(element) : null;
      if (row) return { source: row.a, y: box.top };
    }
  }
  return null;
}
function restoreAnchor(anchor) {
  if (!anchor) return;
  const element = bring(rowAt(anchor.source));
  if (element) scroller.scrollTop += element.getBoundingClientRect().top - anchor.y;
  paintInSight();
}
function chunksInSight() {
  const low = scroller.scrollTop - 100, high = scroller.scrollTop + scroller.clientHeight + 100;
  const found = [];
  for (let k = firstBelow(low); k < page.chunks.length && page.chunks[k].element.offsetTop <= high; k++) found.push(page.chunks[k]);
  return found;
}
/** Paint what is in sight; what is painted may push the rest away, so look again, but never between two paintings. */
function paintInSight() {
  for (let round = 0; round < 4; round++) {
    const found = chunksInSight();
    const old = [...new Set(found.map((chunk) => chunk.section))].filter(isOutdated);
    const bare = old.length ? [] : found.filter((chunk) => !filled.has(chunk));
    if (!old.length && !bare.length) return;
    if (old.length) renew(old, null);
    bare.forEach(fill);
  }
}
/** The painted element of a row, painting its chunk when needed. */
function bring(row) {
  if (!row) return null;
  if (isOutdated(row.section)) renew([row.section], null);
  fill(row.chunk);
  const { element } = row.chunk;
  return element.querySelector(`[data-row="${row.section.k}.${row.k}"]`) ?? element.querySelector(".fold") ?? element;
}

