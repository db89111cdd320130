// Where decisions are kept as they are made: the storage of the browser or, on a page that `restore review` serves, a file
// beside the input, through the server.

const STORE_KEY = `restore-decisions:${DATA.source.sha256}`;
const SERVED = DATA.served ?? null;
const keep = {
  waiting: 0,
  /** served: ids whose decision the server does not know yet */
  unsent: new Set(),
  sending: false,
  revision: SERVED?.revision ?? 0,
  /** served: nothing can be kept any more until the page is opened again */
  stopped: false,
  trouble: "",
};
/** As soon as the page is idle, so that no key press waits for it. */
const whenIdle = window.requestIdleCallback ? (work) => requestIdleCallback(work, { timeout: 400 }) : (work) => setTimeout(work, 60);

/** Decisions made before, as a decisions file has them, or null. */
function keptBefore() {
  if (SERVED) return SERVED.saved;
  try {
    return JSON.parse(store.get(STORE_KEY) ?? "null");
  } catch {
    return null;
  }
}

/** Keep the decisions about these corrections, which have just changed, and what became of earlier ones (ids). */
function keepSoon(which, ids = []) {
  if (SERVED) {
    for (const i of which) keep.unsent.add(C.id(i));
    for (const id of ids) keep.unsent.add(id);
  }
  if (keep.waiting) return;
  keep.waiting = 1;
  // of very many a file is not made before the page shows them
  SERVED ? setTimeout(keepNow, which.length > 200 ? 60 : 0) : whenIdle(keepNow);
}
function keepNow() {
  keep.waiting = 0;
  SERVED ? send() : keepInBrowser();
}
function keepInBrowser() {
  const file = decisionsFile(false);
  // a decision of the record that was taken back here must stay taken back
  for (const key of Object.keys(DATA.decisions)) {
    const i = Number(key);
    if (!judge.decisions.has(i)) file.decisions.push({ id: C.id(i), pass: PASSES[C.pass[i]], decision: "none" });
  }
  if (!file.decisions.length && store.get(STORE_KEY) === null) return;
  keep.trouble = store.set(STORE_KEY, JSON.stringify(file)) ? "" : t("no_storage");
  showKeeping();
}
const changeFor = (id) => {
  const i = INDEX_OF.get(id);
  const one = i === undefined ? null : judge.decisions.get(i);
  return one ? asEntry(i, one) : { id, decision: "none" };
};
async function send() {
  if (keep.sending || keep.stopped || !keep.unsent.size) return;
  keep.sending = true;
  const ids = [...keep.unsent];
  keep.unsent.clear();
  try {
    const body = JSON.stringify({ revision: keep.revision, changes: ids.map(changeFor) });
    const answer = await fetch(SERVED.decisions, { method: "PATCH", headers: { "content-type": "application/json" }, body });
    const said = await answer.json();
    if (answer.ok) (keep.revision = said.revision), (keep.trouble = "");
    else {
      for (const id of ids) keep.unsent.add(id);
      keep.trouble = answer.status === 409 ? t("changed_elsewhere", { file: SERVED.file }) : t("not_kept", { why: said.message });
      keep.stopped = answer.status === 409;
    }
  } catch {
    for (const id of ids) keep.unsent.add(id);
    keep.trouble = t("server_gone");
    setTimeout(send, 2000);
  }
  keep.sending = false;
  showKeeping();
  if (!keep.trouble) send();
}
function showKeeping() {
  const box = $("storage");
  box.hidden = !keep.trouble;
  if (box.textContent !== keep.trouble) box.textContent = keep.trouble;
  document.body.classList.toggle("troubled", keep.trouble !== "");
}
addEventListener("pagehide", () => keep.waiting && keepNow());
document.addEventListener("visibilitychange", () => document.hidden && keep.waiting && keepNow());
addEventListener("beforeunload", (event) => {
  if (SERVED && (keep.unsent.size || keep.sending)) event.preventDefault();
});
