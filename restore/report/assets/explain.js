// Why a correction was made: message, change in context, seams, evidence, alternatives, what hangs on it, the pass's manual.

const quote = (text, most = 80) => esc(visible(clip(text, most)));
const section = (title, html) => (html ? `<section><h3>${esc(title)}</h3>${html}</section>` : "");
const link = (i) => `<button type="button" class="ref" data-go="${i}">${C.kind[i] === KIND_MOVE ? number(i) : ""}${esc(passName(C.pass[i]))} · ${esc(t("line_n", { n: lineOf(PLACE[i]) + 1 }))}</button>`;

/** Evidence as rows: a number from 0 to 1 as a bar, other numbers as numbers, texts as quotations, lists below each other. */
function evidenceHtml(evidence) {
  const rows = [];
  for (const [key, value] of Object.entries(evidence)) {
    if (key === "alternatives" || key === "extent_ems") continue;
    if (value && typeof value === "object" && !Object.keys(value).length) continue;
    rows.push(`<dt>${esc(label(key))}</dt><dd>${valueHtml(value)}</dd>`);
  }
  return rows.length ? `<dl class="evidence">${rows.join("")}</dl>` : "";
}
function valueHtml(value) {
  if (typeof value === "number") {
    const text = Number.isInteger(value) ? count(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
    if (value < 0 || value > 1 || Number.isInteger(value)) return `<span class="num">${text}</span>`;
    return `<span class="bar" style="--v:${value}"></span><span class="num">${text}</span>`;
  }
  if (Array.isArray(value)) {
    if (!value.length) return "–";
    const more = value.length > 40 ? `<li>… ${count(value.length - 40)}</li>` : "";
    return `<ul>${value.slice(0, 40).map((one) => `<li>${valueHtml(one)}</li>`).join("")}${more}</ul>`;
  }
  if (value && typeof value.text === "string") return quoted(value);
  if (value && typeof value === "object") return partsHtml(value) || evidenceHtml(value) || "–";
  if (typeof value === "boolean") return value ? "✓" : "✗";
  return value === null ? "–" : esc(clip(String(value), 240));
}

/** A piece of text with figures about it: a seam ("|" where the lines meet), an alternative. A chance says it all. */
function quoted({ text, chance, ...figures }) {
  const [left, ...rest] = clip(text, 60).split("|");
  const shown = rest.length ? `${esc(visible(left))}<span class="join"></span>${esc(visible(rest.join("|")))}` : esc(visible(left));
  const numbers = Object.entries(figures).map(([key, one]) => `${label(key)} ${typeof one === "number" && !Number.isInteger(one) ? one.toFixed(1) : one}`);
  const { line, place } = figures;
  const where = Number.isInteger(line) && Number.isInteger(place) ? t("from_to", { from: line + 1, to: place + 1 }) : numbers.join(" · ");
  const told = typeof chance === "number" ? t("chance", { p: percent(chance) }) : where;
  const more = typeof chance === "number" && numbers.length ? ` title="${esc(numbers.join(" · "))}"` : "";
  return `<div class="quoted"><span class="quote" lang="zh">${shown}</span><span class="num"${more}>${esc(told)}</span></div>`;
}

const percent = (chance) => (chance < 0.01 ? "< 1 %" : chance > 0.99 ? "> 99 %" : `${Math.round(100 * chance)} %`);

/** Numbers that belong together (parts of a sum, log-odds) as bars to both sides of a common zero. */
function partsHtml(group) {
  const entries = Object.entries(group);
  if (entries.length < 2 || !entries.every(([, one]) => typeof one === "number")) return "";
  const most = Math.max(1e-9, ...entries.map(([, one]) => Math.abs(one)));
  const row = ([key, one]) => {
    const share = Math.min(50, (50 * Math.abs(one)) / most);
    const side = one < 0 ? `right:50%;width:${share}%` : `left:50%;width:${share}%`;
    return `<dt>${esc(label(key))}</dt><dd><span class="scale"><i class="${one < 0 ? "minus" : "plus"}" style="${side}"></i></span><span class="num">${one > 0 ? "+" : ""}${Number.isInteger(one) ? one : one.toFixed(2)}</span></dd>`;
  };
  return `<dl class="evidence parts">${entries.map(row).join("")}</dl>`;
}

/** The text around a seam, before and after the line was moved. */
function seamsHtml(i) {
  const rows = [];
  const moved = [];
  for (let r = C.first[i]; r < C.first[i + 1]; r++) if (E.kind[r] === MOVE) moved.push(r);
  if (!moved.length) return "";
  const a = E.start[moved[0]], b = E.end[moved[moved.length - 1]], to = E.to[moved[0]];
  const flat = (text) => esc(text.replace(/\s+/g, " "));
  const tail = (at) => flat(src(Math.max(0, at - 12), at));
  const head = (at) => flat(src(at, Math.min(N, at + 12)));
  const line = flat(clip(src(a, b).trim(), 24));
  rows.push(`<dt>${esc(t("stood"))}</dt><dd class="quote" lang="zh">${tail(a)}<mark>${line}</mark>${head(b)}</dd>`);
  rows.push(`<dt>${esc(t("stands"))}</dt><dd class="quote" lang="zh">${tail(to)}<mark>${line}</mark>${head(to)}</dd>`);
  rows.push(`<dt>${esc(t("closed"))}</dt><dd class="quote" lang="zh">${tail(a)}<span class="join"></span>${head(b)}</dd>`);
  if (moved.length > 1) rows.push(`<dt>${esc(t("lines_moved"))}</dt><dd>${count(moved.length)}</dd>`);
  return `<dl class="seams">${rows.join("")}</dl>`;
}

function contextHtml(i) {
  const { before, after } = change(i);
  if (C.kind[i] === KIND_MOVE) return "";
  const from = PLACE[i], to = Math.max(lastOffset(i), from);
  const flat = (text) => esc(text.replace(/\n+/g, "⏎"));
  const lead = flat(src(Math.max(0, from - 14), from)), tail = flat(src(to, Math.min(N, to + 14)));
  const single = isEditable(i);
  const old = single ? before : src(from, to);
  const show = (text) => (blank(text) ? esc(visible(text)) : esc(clip(text, 60)));
  return `<p class="context" lang="zh">${lead}${old ? `<del>${show(old)}</del>` : ""}${after ? `<ins>${show(after)}</ins>` : ""}${tail}</p>`;
}

function manualHtml(pass) {
  const parts = DATA.passes[pass].manual;
  if (!parts.length) return "";
  const body = parts.map(([head, text]) => {
    const html = esc(text[0].toUpperCase() + text.slice(1)).replace(/``(.+?)``/g, "<code>$1</code>").replace(/\[(\w+)\]_/g, "[$1]");
    return head ? `<dt>${esc(t(`manual_${head}`))}</dt><dd>${html}</dd>` : `<dd class="lead">${html}</dd>`;
  });
  return `<dl class="manual">${body.join("")}</dl>`;
}

function alternativesHtml(evidence) {
  const given = evidence.alternatives ?? [];
  // readings of a glyph or word come as {reading: chance}
  const list = Array.isArray(given) ? given : Object.entries(given).map(([text, chance]) => ({ text, chance }));
  if (!list.length) return "";
  return `<ol class="alternatives">${list.map((one) => `<li>${Array.isArray(one) ? one.map(valueHtml).join(" ") : valueHtml(one)}</li>`).join("")}</ol>`;
}

function explainHtml(entry) {
  if (entry === null) return `<div class="legend">${$("legend-text").innerHTML}</div>`;
  if (entry < 0) {
    const pass = passOfGroup(entry);
    const all = routineOf(pass, paint.wanted);
    const messages = new Map();
    for (const i of all) messages.set(C.message[i], (messages.get(C.message[i]) ?? 0) + 1);
    const rows = [...messages].sort((x, y) => y[1] - x[1]).map(([m, n]) => `<li>${esc(said(DATA.messages[m]))} <span class="num">× ${count(n)}</span></li>`);
    return `<header><h2>${esc(passName(pass))}</h2><p>${esc(t("routine_n", { n: count(all.length) }))}</p></header>
      ${actionsHtml(entry)}${section(t("what"), `<ul class="plain">${rows.join("")}</ul>`)}${section(t("manual"), manualHtml(pass))}`;
  }
  const i = entry;
  const evidence = DATA.evidence[i] ?? {};
  const state = stateWord(i);
  const standing = paint.layout.on[i] ? t("applied") : t("not_applied");
  const line = lineOf(PLACE[i]);
  const decided = state === "open" ? standing : `${t(`state_${state}`)} · ${standing}`;
  const falls = dependents([i]).filter((j) => paint.layout.on[j] || state === "reject");
  const rests = foundations([i]);
  const links = (all) => (all.length ? `<div class="refs">${all.slice(0, 12).map(link).join("")}${all.length > 12 ? `<span>… ${count(all.length)}</span>` : ""}</div>` : "");
  const size = C.kind[i] === KIND_GAP ? extent(i) : "";
  return `<header><p class="kind">${C.kind[i] === KIND_MOVE ? number(i) : `<i class="sign">${KIND_SIGN[C.kind[i]]}</i>`}${esc(kindName(C.kind[i]))} · ${esc(passName(C.pass[i]))}</p>
    <h2>${esc(said(DATA.messages[C.message[i]]))}</h2>
    <p class="facts"><span class="sure s${C.certainty[i]}">${esc(certaintyName(C.certainty[i]))}</span><span class="bar" style="--v:${C.score[i]}"></span><span class="num">${C.score[i].toFixed(2)}</span><span class="state ${state}">${esc(decided)}</span></p></header>
    ${contextHtml(i)}${actionsHtml(i)}
    ${size ? section(t("extent"), `<p>${size} ${esc(t("ems"))}</p>`) : ""}
    ${section(t("seams"), seamsHtml(i))}
    ${section(t("evidence"), evidenceHtml(evidence))}
    ${section(t("alternatives"), alternativesHtml(evidence))}
    ${section(t("rests_on"), links(rests))}
    ${section(t("falls_with"), links(falls))}
    ${section(t("manual"), manualHtml(C.pass[i]))}
    <p class="foot">${esc(t("place", { line: line + 1, column: PLACE[i] - LINE_STARTS[line] + 1, offset: PLACE[i] }))} · <code>${C.id(i)}</code><br><button type="button" class="quiet" data-do="case">${esc(t("copy_case"))}</button></p>`;
}

function actionsHtml(entry) {
  const edit = entry >= 0 && isEditable(entry);
  const key = (name) => `<kbd>${name}</kbd>`;
  return `<div class="actions"><button type="button" class="yes" data-do="accept">${esc(t("accept"))}${key("a")}</button><button type="button" class="no-button" data-do="reject">${esc(t("reject"))}${key("r")}</button>${
    entry < 0
      ? `<button type="button" data-do="unfold">${esc(t("unfold"))}</button>`
      : `<button type="button" data-do="edit"${edit ? "" : " disabled"}>${esc(t("edit"))}${key("e")}</button><button type="button" data-do="skip">${esc(t("skip"))}${key("s")}</button>`
  }</div>`;
}

/** A correction as a case in the manner of fixtures/: the damaged text, what it should become, why. */
function testCase(i) {
  const span = [PLACE[i], lastOffset(i)];
  for (let r = C.first[i]; r < C.first[i + 1]; r++) {
    if (E.kind[r] === MOVE) span[0] = Math.min(span[0], E.to[r]), (span[1] = Math.max(span[1], E.to[r]));
  }
  const a = Math.max(0, span[0] - 20), b = Math.min(N, span[1] + 20);
  let expected = "";
  for (const { kind, ref, a: starts, b: ends, n } of paint.layout.whole()) {
    for (let k = 0; k < n; k++) {
      const from = starts[k], to = ends[k];
      if (kind[k] === OWN) expected += src(Math.max(a, Math.min(from, b)), Math.min(b, Math.max(to, a)));
      else if (kind[k] === LINE && from >= a && from < b) expected += "\n";
      else if ((kind[k] === PUT || kind[k] === SWAP) && SLOT[ref[k]] >= a && SLOT[ref[k]] < b) expected += paint.layout.textOf(ref[k]).slice(from, to);
      else if (kind[k] === BREAK && SLOT[ref[k]] >= a && SLOT[ref[k]] < b) expected += "\n";
    }
  }
  return JSON.stringify({ id: `${PASSES[C.pass[i]]}-${C.id(i)}`, pass: PASSES[C.pass[i]], text: src(a, b), expected, why: DATA.messages[C.message[i]] });
}
