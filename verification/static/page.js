// The page: reads the code after `#`, judges it on this device, and shows one answer. The code is never sent anywhere.

import { gather, names } from "./evidence.js";
import { judge } from "./judge.js";

const root = document.getElementById("check");
const { verifyUrl, testEdition, trustKeys, scanner, most } = root.dataset;
const language = document.documentElement.lang;
const result = document.getElementById("result");
const doors = document.getElementById("doors");
const word = (name) => document.querySelector(`#words [data-word="${name}"]`).textContent;
const able = globalThis.isSecureContext && globalThis.crypto?.subtle && globalThis.DecompressionStream;

/** Judge a text and show the answer in place of the doors. */
export async function check(text) {
  show(document.getElementById("working").content.cloneNode(true));
  const now = Math.floor(Date.now() / 1000);
  if (!able) return tell({ reason: "browser-cannot", checks: [], code: null }, now, {});
  const [evidence, called] = await Promise.all([gather(verifyUrl, JSON.parse(trustKeys), now), names(verifyUrl)]);
  tell(await judge(text, { verifyUrl, testEdition: testEdition === "true", evidence, now }), now, called);
}

function tell(told, now, called) {
  const proved = told.checks.some(([step, ended]) => step === "code-signature" && ended === "passed");
  present({
    reason: told.reason,
    number: told.code?.identifier.text ?? "",
    compare: proved ? stated(told.code, called) : [],
    sealing: [],
    evidence: [aged(told, now)],
    checks: told.checks.map(([step, ended]) => [document.querySelector(`#steps [data-step="${step}"]`).textContent, ended, ""]),
  });
}

/** Show one answer: its own first line, then what to compare, how old the evidence is, and what was checked. */
function present({ reason, number, compare, sealing, evidence, checks }) {
  const part = document.getElementById(`reason-${reason}`).content.cloneNode(true);
  const find = (name) => part.querySelector(`[data-part=${name}]`);
  for (const [name, rows] of [["compare", compare], ["sealed", sealing]]) {
    for (const [label, value] of rows) row(find(name), label, value);
    find(name).hidden = !rows.length;
  }
  find("evidence").append(...evidence.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  for (const [about, ended, why] of checks) {
    const line = document.getElementById(`check-${ended}`).content.cloneNode(true);
    line.querySelector("[data-part=about]").textContent = about;
    line.querySelector("[data-part=why]").textContent = why;
    find("checks").append(line);
  }
  if (!checks.length) find("how").remove();
  const suspect = part.querySelector("[data-act=report]");
  if (number) suspect.setAttribute("href", `${suspect.getAttribute("href")}&number=${encodeURIComponent(number)}`); // after `#`: not sent yet
  show(part);
  result.dataset.reason = reason;
  const heading = result.querySelector("h1");
  document.title = `${heading.textContent} - ${word("site")}`;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function show(part) {
  result.replaceChildren(part);
  result.hidden = false;
  doors.remove(); // one page, one heading
  delete result.dataset.reason;
  scrollTo(0, 0);
}

/** What the code itself says: only after its signature was found genuine. */
function stated(code, called) {
  const kind = called.kinds?.[code.identifier.kind];
  const agency = called.agencies?.[code.identifier.agency];
  return [
    [word("kind"), kind?.[language] ?? code.identifier.kind],
    ...code.shown.map(([key, value]) => [kind?.fields?.[key]?.[language] ?? key, value]),
    [word("agency"), agency?.[language] ?? code.identifier.agency],
    [word("number"), code.identifier.text],
    [word("issued"), day(code.issued)],
    [word("expires"), code.expires === null ? word("no-end") : day(code.expires - 1)],
  ];
}

function aged(told, now) {
  if (told.list) return word("status-age").replace("%", age(now - told.list.made));
  return told.trust ? word("no-status") : word("no-evidence");
}

/** A file or a number is judged by the server: the one file engine there is. It keeps nothing. */
async function ask(body, headers) {
  show(document.getElementById("working").content.cloneNode(true));
  try {
    const got = await fetch("/api/verify", { method: "POST", body, headers: { "Accept-Language": language, ...headers }, credentials: "omit" });
    const told = await got.json();
    if (!got.ok) throw new Error(told.detail ?? told.title);
    const pairs = (list) => list.map(({ name, value }) => [name, value]);
    present({
      reason: told.reason,
      number: told.number ?? "",
      compare: pairs(told.compare),
      sealing: pairs(told.sealing),
      evidence: told.evidence.map(({ words }) => words),
      checks: told.checks.map(({ about, result: ended, why }) => [about, ended, why]),
    });
  } catch (error) {
    again();
    complain(error instanceof TypeError || error instanceof SyntaxError ? word("not-sent") : error.message);
  }
}

function complain(text) {
  const line = document.getElementById("complaint");
  line.querySelector("p").textContent = text;
  line.hidden = false;
  line.focus();
}

function row(list, name, value) {
  const line = document.getElementById("row").content.cloneNode(true);
  line.querySelector("dt").textContent = name;
  const held = line.querySelector("bdi");
  held.textContent = value; // never as HTML: the value came in a code
  if (/[\u3400-\u9fff]/.test(value)) held.lang = "zh-Hans";
  list.append(line);
}

const day = (seconds) => new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "Asia/Shanghai" }).format(seconds * 1000);

function age(seconds) {
  const told = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  if (seconds < 90) return told.format(-Math.max(seconds, 1), "second");
  if (seconds < 5400) return told.format(-Math.round(seconds / 60), "minute");
  return told.format(-Math.round(seconds / 3600), "hour");
}

function again() {
  result.hidden = true;
  result.replaceChildren();
  result.after(doors);
  document.getElementById("complaint").hidden = true;
  history.replaceState(null, "", location.pathname);
  document.querySelector("#doors h1").focus();
}

function begin() {
  if (location.hash.length > 1) check(`${verifyUrl}/${location.hash}`); // whoever opened this page came by its address
}

document.getElementById("camera-door").hidden = !able || !navigator.mediaDevices;
document.getElementById("scan").addEventListener("click", async () => (await import(scanner)).scan(check, word));
document.getElementById("file-form").addEventListener("submit", async (event) => {
  const [file] = document.getElementById("file").files;
  if (!file) return; // the server says what is missing
  event.preventDefault();
  if (able && file.type.startsWith("image/")) return (await import(scanner)).picture(file, check, tellReason); // never sent
  if (file.size > Number(most)) return tellReason("too-large");
  const form = new FormData();
  form.append("file", file);
  ask(form, {});
});
document.getElementById("number-form").addEventListener("submit", (event) => {
  const number = document.getElementById("number").value.trim();
  if (!number) return;
  event.preventDefault();
  ask(JSON.stringify({ number }), { "Content-Type": "application/json" });
});
for (const link of document.querySelectorAll(".yx-languages a"))
  link.addEventListener("click", () => (link.hash = location.hash)); // the same code in the other language
result.addEventListener("click", (event) => {
  if (event.target.closest("[data-act=again]")) again();
  if (!event.target.closest("[data-act=report]") || navigator.onLine) return;
  event.preventDefault();
  result.querySelector("[data-part=offline]").textContent = word("offline");
});
addEventListener("hashchange", begin);
globalThis.caches?.open("yinxin-choice").then((cache) => cache.put("/language", new Response(language))).catch(() => null);
navigator.serviceWorker?.register("/sw.js").catch(() => null);
begin();
document.documentElement.dataset.ready = "true";

function tellReason(reason) {
  tell({ reason, checks: [], code: null, list: null, trust: null }, 0, {});
}
