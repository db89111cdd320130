// The page: views, focus, keys, dialogs, head, minimap, print.

// ------------------------------------------------------------------ filter and list
function refilter() {
  paint.wanted = wantedNow();
  list.show(entriesNow(paint.wanted), paint.wanted);
  $("found").textContent = t("found", { n: count(paint.wanted.reduce((x, y) => x + y, 0)), all: count(NC) });
}
function refiltered() {
  const anchor = anchorNow();
  refilter();
  rebuild();
  restoreAnchor(anchor);
  list.reveal(page.current);
}

// ------------------------------------------------------------------ focus
const shownIndex = (i) => {
  let k = i;
  for (let guard = 0; paint.layout.shownAs.has(k) && guard < 20; guard++) k = paint.layout.shownAs.get(k);
  return k;
};
const marksOf = (i, within = sheet) => within.querySelectorAll(`[data-c="${i}"]`);
/** The marks of a correction, or of the one that rewrote all of what it did. */
function marksFor(i, within = sheet) {
  const own = marksOf(i, within);
  return own.length ? own : marksOf(shownIndex(i), within);
}

function lightCurrent(within = sheet) {
  if (page.current === null || page.current < 0) return;
  for (const element of marksFor(page.current, within)) element.classList.add("cur");
}
/** Make an entry the current one: light it on both sides, bring it into sight, explain it. */
function focusEntry(entry, { scroll = true } = {}) {
  for (const element of sheet.querySelectorAll(".cur")) element.classList.remove("cur");
  page.current = entry;
  if (entry !== null && entry >= 0) {
    if (scroll) show(entry);
    lightCurrent();
  }
  list.reveal(entry);
  refresh("list", "why", page.view === "review" ? "review" : "arrow");
}
function show(i) {
  if (page.view === "review") return;
  const row = shownRow(i);
  if (isOutdated(row.section)) renew([row.section], anchorNow());
  const folded = row.chunk.parts.find((part) => part.folded && part.from <= row.k && row.k < part.to);
  if (folded) openFold([row.section.k, folded.from, folded.to]);
  const base = bring(row);
  if (page.view === "side") bring(sourceRow(i));
  const marks = base ? [...marksFor(i, base)] : [];
  const target = marks.find((one) => one.matches(".out .mv")) ?? marks.find((one) => one.closest(".out")) ?? marks[0] ?? base;
  if (!target) return;
  page.held = null;
  for (let pass = 0; pass < 3; pass++) {
    const box = target.getBoundingClientRect(), frame = scroller.getBoundingClientRect();
    if (box.top < frame.top + 90 || box.bottom > frame.bottom - 120) {
      scroller.scrollTop += box.top - frame.top - frame.height * 0.38;
      paintInSight();
    } else {
      page.held = { element: target, y: box.top, until: performance.now() + 700 };
      break;
    }
  }
}
function openFold([k, from, to]) {
  const section = paint.layout.sections[k];
  for (const row of section.rows.slice(from, to)) page.fold.opened.add(row.a);
  renew([section], anchorNow());
  paintInSight();
}
function go(direction) {
  const entries = list.entries;
  if (!entries.length) return;
  const k = list.at.get(page.current);
  const next = k === undefined ? (direction > 0 ? 0 : entries.length - 1) : k + direction;
  if (next >= 0 && next < entries.length) focusEntry(entries[next]);
  else say(t(direction > 0 ? "at_end" : "at_start"));
}
/** The next entry that is open, or undefined. */
function nextOpen() {
  const entries = list.entries;
  for (let k = (list.at.get(page.current) ?? -1) + 1; k < entries.length; k++) if (isOpen(entries[k])) return entries[k];
}
/** After a decision: on to the next one that is open. */
function goOpen() {
  const next = nextOpen();
  focusEntry(next ?? page.current);
  if (next === undefined) say(t("at_end"));
}
const isOpen = (entry) => (entry < 0 ? routineOf(passOfGroup(entry), paint.wanted).some((i) => !judge.decisions.has(i)) : !judge.decisions.has(entry));

// asking an unscrolled panel to scroll would make the page lay itself out
const explained = { scrolled: false };
$("why").addEventListener("scroll", () => (explained.scrolled = true), { passive: true });
function explain() {
  $("why").innerHTML = explainHtml(page.current);
  if (explained.scrolled) $("why").scrollTop = 0;
  explained.scrolled = false;
}

// ------------------------------------------------------------------ deciding
function decide(what) {
  const entry = page.current;
  if (entry === null) return say(t("choose_first"));
  if (entry < 0) return decideAll(what, passOfGroup(entry), routineOf(passOfGroup(entry), paint.wanted));
  const falls = what === "reject" ? dependents([entry]).filter((j) => paint.layout.on[j]).length : 0;
  const next = nextOpen();
  page.going = next === undefined || next < 0 || filter.decision !== "all" ? null : next;
  what === "accept" ? accept([entry]) : reject([entry]);
  page.going = null;
  say(t(`done_${what}`, { n: 1 }) + (falls ? ` ${t("also_fall", { n: count(falls) })}` : ""));
  goOpen();
}
/** Decide on all corrections of a pass on this page; the scope is shown before anything happens. */
function decideAll(what, pass, which) {
  if (!which.length) return;
  const falls = what === "reject" ? dependents(which).filter((j) => paint.layout.on[j]) : [];
  const rests = what === "accept" ? foundations(which).filter((j) => !paint.layout.on[j]) : [];
  const byPass = (some) => {
    const counts = new Map();
    for (const j of some) counts.set(C.pass[j], (counts.get(C.pass[j]) ?? 0) + 1);
    return [...counts].map(([p, n]) => `${passName(p)} ${count(n)}`).join(" · ");
  };
  const decided = which.filter((i) => judge.decisions.has(i)).length;
  $("scope-title").textContent = t(`all_${what}`, { n: count(which.length), pass: passName(pass) });
  $("scope-text").innerHTML = [
    falls.length ? `<p>${esc(t("scope_falls", { n: count(falls.length) }))} <b>${esc(byPass(falls))}</b></p>` : "",
    rests.length ? `<p>${esc(t("scope_rests", { n: count(rests.length) }))} <b>${esc(byPass(rests))}</b></p>` : "",
    decided ? `<p>${esc(t("scope_decided", { n: count(decided) }))}</p>` : "",
    `<p>${esc(t("scope_undo"))}</p>`,
  ].join("");
  const dialog = $("scope");
  $("scope-go").textContent = t(what);
  $("scope-go").onclick = () => {
    dialog.close();
    what === "accept" ? accept(which) : reject(which);
    say(t(`done_${what}`, { n: count(which.length) }));
    goOpen();
  };
  dialog.showModal();
  $("scope-go").focus();
}
function ofPass(what) {
  const entry = page.current;
  if (entry === null) return say(t("choose_first"));
  const pass = entry < 0 ? passOfGroup(entry) : C.pass[entry];
  const which = [];
  for (let i = 0; i < NC; i++) if (paint.wanted[i] && C.pass[i] === pass) which.push(i);
  decideAll(what, pass, which);
}
function edit() {
  const i = page.current;
  if (i === null || i < 0 || !isEditable(i)) return say(t("cannot_edit"));
  const decided = judge.decisions.get(i);
  const { before, after } = change(i);
  $("edit-old").textContent = visible(before) || "–";
  const box = $("edit-text");
  box.value = decided?.what === "edit" ? decided.text : after;
  $("edit").showModal();
  box.focus();
  box.select();
  $("edit-save").onclick = () => {
    $("edit").close();
    if (box.value === after && decided?.what !== "edit") accept([i]);
    else rewrite(i, box.value);
    say(t("done_edit"));
    goOpen();
  };
}
function takeBack() {
  const i = undo();
  if (i < 0) return say(t("nothing_to_undo"));
  say(t("undone"));
  focusEntry(ROUTINE[i] && !list.at.has(i) ? GROUP(C.pass[i]) : i);
}
judge.changed = afterDecision;

let saying = 0;
function say(text) {
  const box = $("toast");
  box.textContent = text;
  box.classList.add("on");
  clearTimeout(saying);
  saying = setTimeout(() => box.classList.remove("on"), 3200);
}

// ------------------------------------------------------------------ head
/** HTML into an element, unless it is there already. */
const written = new Map();
function put(id, html) {
  if (written.get(id) === html) return;
  written.set(id, html);
  $(id).innerHTML = html;
}
function head() {
  const figure = (name, value, note = "") => `<div class="figure"><dt>${esc(t(name))}</dt><dd>${value}${note ? `<small>${esc(note)}</small>` : ""}</dd></div>`;
  if (paint.layout.whole(0)) {
    // else they follow
    const sums = paint.layout.sums();
    const out = N - sums.deleted + sums.supplied + 3 * sums.gaps;
    put("figures",
      figure("fig_in", count(N), t("lines_n", { n: count(LINE_STARTS.length) })) + figure("fig_out", count(out)) + figure("fig_deleted", `<del>−${count(sums.deleted)}</del>`) +
      figure("fig_supplied", `<ins>+${count(sums.supplied)}</ins>`) + figure("fig_moved", count(sums.moved), t("moves_n", { n: count(MOVE_NUMBER.size) })) + figure("fig_gaps", count(sums.gaps), "〔…〕"));
    drawMinimap();
  }
  put("chart", chartHtml());
  const shown = judge.decisions.size;
  $("progress").textContent = t("decided_n", { n: count(shown), all: count(NC) });
  $("undo").disabled = !judge.steps.length;
  const gone = [...judge.gone.values()];
  $("gone").hidden = !gone.length;
  if (gone.length) {
    $("gone").innerHTML = `<p>${esc(t("gone_n", { n: count(gone.length) }))}</p><ul>${gone.slice(0, 50).map((one) => `<li>${esc(String(one.pass))} · ${esc(t(`state_${one.decision}`))} <code>${esc(String(one.id))}</code></li>`).join("")}</ul><button type="button" data-do="forget">${esc(t("forget"))}</button>`;
  }
}
/** By pass: how many corrections of each certainty. */
const BY_PASS = PASSES.map(() => [0, 0, 0]);
for (let i = 0; i < NC; i++) BY_PASS[C.pass[i]][C.certainty[i]]++;
function tally() {
  const on = new Int32Array(PASSES.length);
  for (let i = 0; i < NC; i++) on[C.pass[i]] += paint.layout.on[i];
  return PASSES.map((_, pass) => ({ counts: BY_PASS[pass], on: on[pass] }));
}
/** Corrections by pass and certainty: the list, with bars on a square-root scale so that the rare ones are seen. */
function chartHtml() {
  const rows = tally();
  const most = Math.max(1, ...rows.map((row) => row.counts[0] + row.counts[1] + row.counts[2]));
  const body = rows.map((row, pass) => {
    const all = row.counts[0] + row.counts[1] + row.counts[2];
    if (!all) return "";
    const parts = [2, 1, 0].map((level) => (row.counts[level] ? `<span class="b${level}" style="flex-grow:${row.counts[level]}" title="${esc(certaintyName(level))} ${count(row.counts[level])}"></span>` : "")).join("");
    const pressed = filter.passes.has(pass);
    return `<tr class="${pressed ? "on" : ""}"><th scope="row"><button type="button" class="pass" data-pass="${pass}" aria-pressed="${pressed}">${esc(passName(pass))}</button></th><td class="bars" aria-hidden="true"><div style="width:${Math.max(1.5, 100 * Math.sqrt(all / most))}%">${parts}</div></td>${[2, 1, 0].map((level) => `<td class="n">${row.counts[level] ? count(row.counts[level]) : "·"}</td>`).join("")}<td class="n all">${count(row.on)}</td></tr>`;
  });
  const heads = [2, 1, 0].map((level) => `<th scope="col" class="n"><i class="key b${level}"></i>${esc(certaintyName(level))}</th>`).join("");
  return `<thead><tr><th scope="col">${esc(t("pass"))}</th><td class="bars"></td>${heads}<th scope="col" class="n">${esc(t("applied"))}</th></tr></thead><tbody>${body.join("")}</tbody>`;
}
/** An article that goes on on another page of the issue, or comes from there. */
function continuationHtml(one) {
  const where = one.page === null ? t("not_there") : one.page;
  return `<p class="note">${esc(t(`goes_${one.goes}`, { folio: one.folio }))} (${esc(t("line_n", { n: one.line }))}): <bdi>${esc(where)}</bdi></p>`;
}
function drawFacts() {
  const settings = Object.entries(DATA.settings).filter(([key]) => key !== "passes").map(([key, value]) => `${key} ${value}`).join(" · ");
  const held = DATA.promises.held ? `<span class="held">✓ ${esc(t("held"))}</span>` : `<span class="broken">✗ ${esc(t("broken"))} ${esc(DATA.promises.message)}</span>`;
  $("facts").innerHTML = `<p>${held}</p><p>${esc(DATA.made_by)} · ${esc(settings)}</p><p>${esc(t("encoding"))} ${esc(DATA.source.encoding)} · SHA-256 <code title="${esc(DATA.source.sha256)}">${esc(DATA.source.sha256.slice(0, 12))}…</code></p>${DATA.notes.map((note) => `<p class="note">${esc(note)}</p>`).join("")}${DATA.continuations.map(continuationHtml).join("")}`;
}

// ------------------------------------------------------------------ minimap
const map = $("map");
let mapping = 0;
/** Drawn after what the reader waits for. */
function drawMinimap() {
  clearTimeout(mapping);
  mapping = setTimeout(drawMinimapNow, page.mapped ? 250 : 0);
}
function drawMinimapNow() {
  const height = map.clientHeight, width = map.clientWidth;
  if (!height || page.view === "review") return;
  page.mapped = true;
  const scale = devicePixelRatio || 1;
  map.width = width * scale;
  map.height = height * scale;
  const bins = Math.max(1, Math.floor(height / 3));
  const loud = new Float32Array(bins), quiet = new Float32Array(bins);
  const gap = new Uint8Array(bins), move = new Uint8Array(bins);
  let before = 0;
  for (const { rows } of paint.layout.whole()) for (const row of rows) (row.at = before), (before += row.size);
  for (let i = 0; i < NC; i++) {
    if (!paint.wanted[i]) continue;
    const bin = Math.min(bins - 1, Math.floor((shownRow(i).at / Math.max(1, before)) * bins));
    (ROUTINE[i] ? quiet : loud)[bin]++;
    if (C.kind[i] === KIND_GAP) gap[bin] = 1;
    if (C.kind[i] === KIND_MOVE) move[bin] = 1;
  }
  const most = Math.max(4, ...quiet) , mostLoud = Math.max(2, ...loud);
  const style = getComputedStyle(document.documentElement);
  const ink = map.getContext("2d");
  ink.scale(scale, scale);
  const color = (name) => style.getPropertyValue(name);
  for (let k = 0; k < bins; k++) {
    if (quiet[k]) (ink.fillStyle = color("--rule-strong")), ink.fillRect(6, k * 3, Math.max(2, (width - 10) * Math.sqrt(quiet[k] / most)), 2);
    if (loud[k]) (ink.fillStyle = color("--orange")), ink.fillRect(6, k * 3, Math.max(3, (width - 10) * Math.sqrt(loud[k] / mostLoud)), 2);
    if (gap[k]) (ink.fillStyle = color("--blue")), ink.fillRect(0, k * 3, 4, 2);
    if (move[k]) (ink.fillStyle = color("--ink")), ink.fillRect(0, k * 3, 2, 2);
  }
  drawWindow();
}
function drawWindow() {
  const all = scroller.scrollHeight;
  const box = $("map-window");
  box.style.top = `${(scroller.scrollTop / all) * 100}%`;
  box.style.height = `${Math.max(2, (scroller.clientHeight / all) * 100)}%`;
}

// ------------------------------------------------------------------ the arrow from where it stood to where it stands
function drawArrow() {
  const svg = $("arrow");
  svg.replaceChildren();
  const i = page.current;
  if (i === null || i < 0 || page.view === "review" || page.view === "read") return;
  const frame = sheet.getBoundingClientRect();
  const found = [...marksFor(i)];
  const target = found.find((one) => one.matches(".out .mv")) ?? found.find((one) => one.closest(".out") && !one.classList.contains("ghost"));
  const origin = found.find((one) => one.matches(".src .mv")) ?? found.find((one) => one.closest(".src")) ?? found.find((one) => one.classList.contains("ghost"));
  if (!target || !origin || target === origin) return;
  const from = origin.getClientRects()[0] ?? origin.getBoundingClientRect(), to = target.getClientRects()[0] ?? target.getBoundingClientRect();
  const aside = !origin.closest(".src");
  const x1 = (aside ? from.left : from.right) - frame.left, y1 = from.top + from.height / 2 - frame.top;
  const x2 = to.left - frame.left - 3, y2 = to.top + to.height / 2 - frame.top;
  const bend = aside ? -30 : Math.max(40, Math.abs(x2 - x1) / 2);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - Math.abs(bend)} ${y2} ${x2} ${y2}`);
  path.setAttribute("class", C.kind[i] === KIND_MOVE ? "line move" : "line");
  const tip = document.createElementNS("http://www.w3.org/2000/svg", "path");
  tip.setAttribute("d", `M${x2 - 7} ${y2 - 4} L${x2} ${y2} L${x2 - 7} ${y2 + 4}`);
  tip.setAttribute("class", C.kind[i] === KIND_MOVE ? "line move" : "line");
  svg.append(path, tip);
}

// ------------------------------------------------------------------ review: one at a time, large
function drawReview() {
  const entry = page.current;
  const open = list.entries.filter(isOpen).length;
  const k = list.at.get(entry);
  let body = `<p class="empty">${esc(t("review_start"))}</p>`;
  if (entry !== null && entry >= 0) {
    const row = shownRow(entry), left = sourceRow(entry);
    const only = new Uint8Array(NC);
    only[entry] = only[shownIndex(entry)] = 1;
    const wanted = paint.wanted;
    paint.wanted = only;
    body = `<h2>${esc(t("source"))}</h2><div class="src">${sourceHtml(left)}</div><h2>${esc(t("restored"))}</h2><div class="out">${restoredHtml(row, false)}</div>`;
    paint.wanted = wanted;
  } else if (entry !== null) {
    const some = routineOf(passOfGroup(entry), paint.wanted).slice(0, 60);
    body = `<h2>${esc(passName(passOfGroup(entry)))}</h2><ul class="samples" lang="zh">${some.map((i) => `<li>${contextHtml(i)}</li>`).join("")}</ul>`;
  }
  $("review").innerHTML = `<header><span>${k === undefined ? "–" : count(k + 1)} / ${count(list.entries.length)}</span><span>${esc(t("open_n", { n: count(open) }))}</span></header><article>${body}</article>`;
  lightCurrent($("review"));
  for (const box of $("review").querySelectorAll(".src, .out")) {
    const mark = box.querySelector(".mv.cur") ?? box.querySelector(".cur");
    if (mark) box.scrollTop += mark.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2;
  }
}

// ------------------------------------------------------------------ print: the text with its corrections as numbered notes
function preparePrint() {
  const notes = [];
  const numbered = new Map();
  const wanted = paint.wanted;
  const most = 4000;
  paint.wanted = Uint8Array.from({ length: NC }, (_, i) => (ROUTINE[i] ? 0 : 1));
  const body = paint.layout.whole().flatMap(({ rows }) => rows.map((row) => restoredHtml(row, false))).join("");
  paint.wanted = wanted;
  const box = $("print");
  box.innerHTML = `<div class="out">${body}</div>`;
  for (const element of box.querySelectorAll("[data-c]")) {
    const i = Number(element.dataset.c);
    if (numbered.has(i) || numbered.size >= most || element.classList.contains("ghost")) continue;
    numbered.set(i, numbered.size + 1);
    notes.push(i);
    const sup = document.createElement("sup");
    sup.textContent = numbered.size;
    element.after(sup);
  }
  const routine = PASSES.map((_, pass) => [pass, routineOf(pass, new Uint8Array(NC).fill(1)).length]).filter(([, n]) => n);
  box.innerHTML += `<h2>${esc(t("notes"))}</h2><ol class="notes">${notes
    .map((i) => {
      const { before, after } = change(i);
      const what = C.kind[i] === KIND_MOVE ? `${esc(t("says_moved"))} ${quote(before.trim(), 24)}` : `${before ? `<del>${quote(before, 24)}</del> ` : ""}${after ? `<ins>${quote(after, 24)}</ins>` : ""}`;
      return `<li>${what} — ${esc(said(DATA.messages[C.message[i]]))} (${esc(passName(C.pass[i]))}, ${esc(certaintyName(C.certainty[i]))}${paint.layout.on[i] ? "" : `, ${esc(t("not_applied"))}`})</li>`;
    })
    .join("")}</ol><p class="routine-note">${esc(t("print_routine"))} ${routine.map(([pass, n]) => `${esc(passName(pass))} ${count(n)}`).join(" · ")}</p>`;
}
addEventListener("beforeprint", preparePrint);
addEventListener("afterprint", () => $("print").replaceChildren());

// ------------------------------------------------------------------ views, language, theme
function setView(view) {
  const anchor = page.view === "review" ? null : anchorNow();
  page.view = view;
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("[data-view-to]")) button.setAttribute("aria-pressed", String(button.dataset.viewTo === view));
  if (view === "review") {
    if (page.current === null && list.entries.length) page.current = list.entries.find(isOpen) ?? list.entries[0];
    refresh("list", "why", "review");
    return;
  }
  rebuild();
  if (isVertical()) page.chunks.forEach(fill);
  else if (anchor) restoreAnchor(anchor);
  paintInSight();
  if (page.current !== null && page.current >= 0 && view !== "read") show(page.current), lightCurrent();
  drawMinimap();
  drawArrow();
}
function setLanguage(next) {
  language = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  store.set("restore-language", next);
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of document.querySelectorAll("[data-t-title]")) element.title = t(element.dataset.tTitle);
  for (const element of document.querySelectorAll("[data-t-hint]")) element.placeholder = t(element.dataset.tHint);
  document.title = `${plain(baseName())} – ${t("title")}`;
}
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  store.set("restore-theme", theme);
  drawMinimap();
}
const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

// ------------------------------------------------------------------ what can be done, by key or button
const COMMANDS = {
  next: () => go(1),
  previous: () => go(-1),
  accept: () => decide("accept"),
  reject: () => decide("reject"),
  edit,
  skip: () => goOpen(),
  undo: takeBack,
  acceptAll: () => ofPass("accept"),
  rejectAll: () => ofPass("reject"),
  help: () => $("help").showModal(),
  search: () => {
    document.body.classList.add("panel-open");
    $("search").focus();
  },
  clear: () => focusEntry(null),
  unfold() {
    filter.open.add(passOfGroup(page.current));
    page.current = null;
    refiltered();
    go(1);
  },
  case() {
    copy(testCase(page.current));
  },
  copyText: () => copy(paint.layout.text()),
  export() {
    keepNow();
    download("decisions.json", `${JSON.stringify(decisionsFile(), null, 1)}\n`, "application/json");
  },
  text: () => download(`${baseName().replace(/\.\w+$/, "")}.restored.txt`, paint.layout.text(), "text/plain"),
  forget() {
    const ids = [...judge.gone.keys()];
    judge.gone.clear();
    keepSoon([], ids);
    head();
  },
  theme: () => setTheme(dark() ? "light" : "dark"),
  language() {
    setLanguage(language === "zh" ? "en" : "zh");
    drawAll();
  },
  vertical() {
    const anchor = anchorNow();
    const on = document.body.classList.toggle("vertical");
    document.querySelector('[data-do="vertical"]').setAttribute("aria-pressed", String(on));
    if (!on) return rebuild(), restoreAnchor(anchor);
    page.chunks.forEach(fill); // columns have no height to guess: all of them stand at once
    const column = bring(rowAt(anchor ? anchor.source : 0));
    if (column) sheet.scrollLeft += column.getBoundingClientRect().right - sheet.getBoundingClientRect().right;
    scroller.scrollTop += sheet.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 52;
  },
  panel() {
    document.body.classList.toggle("panel-open");
  },
};
const KEYS = { j: "next", k: "previous", a: "accept", r: "reject", e: "edit", s: "skip", u: "undo", A: "acceptAll", R: "rejectAll", "?": "help", "/": "search", Escape: "clear" };

function copy(text) {
  const done = () => say(t("copied"));
  const byHand = () => {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    done();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand);
  else byHand();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const inField = event.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (event.target.id === "edit-text" && event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    return $("edit-save").click();
  }
  if (inField && event.key === "Escape") return event.target.blur();
  if (inField || document.querySelector("dialog[open]")) return;
  const inList = event.target.id === "list";
  if (inList && event.key === "ArrowDown") return event.preventDefault(), go(1);
  if (inList && event.key === "ArrowUp") return event.preventDefault(), go(-1);
  const digit = ["1", "2", "3", "4"].indexOf(event.key);
  if (digit >= 0) return setView(["side", "inline", "read", "review"][digit]);
  const command = KEYS[event.key];
  if (!command) return;
  event.preventDefault();
  COMMANDS[command]();
});
document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  let one;
  if ((one = hit("[data-do]"))) return COMMANDS[one.dataset.do]();
  if ((one = hit("[data-view-to]"))) return setView(one.dataset.viewTo);
  if ((one = hit("[data-close]"))) return one.closest("dialog").close();
  if ((one = hit("[data-go]"))) return focusEntry(Number(one.dataset.go));
  if ((one = hit("[data-e]"))) {
    document.body.classList.remove("panel-open");
    return focusEntry(Number(one.dataset.e));
  }
  if ((one = hit("[data-fold]"))) return openFold(one.dataset.fold.split(",").map(Number));
  if ((one = hit("[data-pass]"))) {
    const pass = Number(one.dataset.pass);
    filter.passes.has(pass) ? filter.passes.delete(pass) : filter.passes.add(pass);
    refiltered();
    head();
    return document.querySelector(`[data-pass="${pass}"]`).focus();
  }
  if ((one = hit(".sheet [data-c]"))) return focusEntry(Number(one.dataset.c), { scroll: false });
});
let lit = -1;
document.addEventListener("mouseover", (event) => {
  const one = event.target.closest?.(".sheet [data-c]");
  const i = one ? Number(one.dataset.c) : -1;
  if (i === lit) return;
  for (const element of sheet.querySelectorAll(".lit")) element.classList.remove("lit");
  lit = i;
  if (i >= 0) for (const element of marksOf(i)) element.classList.add("lit");
});

// ------------------------------------------------------------------ controls of the filter
let typing = 0;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => ((filter.text = $("search").value), refiltered()), 140);
});
$("order").addEventListener("change", () => ((filter.order = $("order").value), refiltered()));
$("state").addEventListener("change", () => ((filter.decision = $("state").value), refiltered()));
$("score").addEventListener("input", () => ((filter.most = Number($("score").value)), ($("score-value").textContent = `≤ ${filter.most.toFixed(2)}`), refiltered()));
for (const box of document.querySelectorAll("[data-level]")) {
  box.addEventListener("change", () => {
    const level = Number(box.dataset.level);
    box.checked ? filter.certainty.add(level) : filter.certainty.delete(level);
    refiltered();
  });
}
$("unfold-routine").addEventListener("change", () => {
  filter.open.clear();
  if ($("unfold-routine").checked) PASSES.forEach((_, pass) => filter.open.add(pass));
  refiltered();
});
$("hide-routine").addEventListener("change", () => ((paint.quiet = $("hide-routine").checked), refiltered()));
$("fold-same").addEventListener("change", () => ((page.folding = $("fold-same").checked), page.fold.opened.clear(), refiltered()));
$("list").addEventListener("scroll", () => (list.measure(), list.draw()));
scroller.addEventListener("scroll", () => drawWindow(), { passive: true });
for (const moved of ["wheel", "pointerdown", "touchmove"]) scroller.addEventListener(moved, () => (page.held = null), { passive: true });
map.addEventListener("pointerdown", (event) => {
  const box = map.getBoundingClientRect();
  const to = (y) => (scroller.scrollTop = ((y - box.top) / box.height) * scroller.scrollHeight - scroller.clientHeight / 2);
  to(event.clientY);
  map.setPointerCapture(event.pointerId);
  map.onpointermove = (move) => to(move.clientY);
  map.onpointerup = () => (map.onpointermove = null);
});
new ResizeObserver(() => (list.measure(), list.draw())).observe($("list"));
addEventListener("resize", () => (drawMinimap(), drawArrow()));

// ------------------------------------------------------------------ begin
function drawAll() {
  refilter();
  head();
  drawFacts();
  explain();
  setView(page.view);
}
language = store.get("restore-language") ?? ((navigator.language || "").startsWith("zh") ? "zh" : "en");
const theme = store.get("restore-theme");
if (theme) document.documentElement.dataset.theme = theme;
loadDecisions();
setLanguage(language === "zh" ? "zh" : "en");
relayout();
page.folding = $("fold-same").checked;
drawAll();
if (!store.works && !SERVED) keep.trouble = t("no_storage");
showKeeping();
document.body.dataset.ready = "yes";
// for whoever scripts the page
window.restoreReport = {
  text: () => paint.layout.text(),
  decisions: decisionsFile,
  corrections: NC,
  /** The text under decisions given as [index, what, text?], without making them. */
  textUnder: (list) => layOut(new Decisions(list.map(([i, what, text]) => [i, { what, text }]))).text(),
};
