// Gets the signed lists, checks them, and keeps the good ones for the day without internet. What is kept is checked again.

import { LEEWAY, readStatusList, readTrustList } from "./signed.js";

const KEPT = "yinxin-evidence-1"; // Cache Storage: of this origin only, and only what was checked
const PATIENCE = 5000; // milliseconds until the kept list is used instead

/**
 * Everything a check rests on: { trust, trustProblem, list(number), clockOff }. Asks for whole lists only, so that nobody
 * learns which license is being checked; the addresses of the lists come from the server's own overview.
 */
export async function gather(verifyUrl, pinned, now) {
  const kept = await Kept.open();
  const trustList = await newest(kept, `${verifyUrl}/trust-list.jwt`, (token, least) => readTrustList(token, pinned, now, least));
  const lists = new Map();
  if (trustList.list)
    for (const url of await addresses(kept, verifyUrl))
      lists.set(url, await newest(kept, url, (token, least) => readStatusList(token, url, trustList.list, now, least)));
  const asked = [trustList, ...lists.values()];
  return {
    trust: trustList.list,
    trustProblem: trustList.problem,
    online: asked.every(({ fresh }) => fresh),
    clockOff: asked.some(({ clockOff }) => clockOff),
    list: (number) => lists.get(`${verifyUrl}/status/${number}`) ?? { list: null, problem: "no-status" },
  };
}

/** The newest good list: from the server, else the kept one. Says why if there is none. */
async function newest(kept, url, read) {
  const least = kept.counter(url);
  const got = await download(url);
  let problem = null;
  if (got) {
    try {
      const list = await read(got.token, least);
      await kept.keep(url, got.token, list.counter);
      return { list, problem, fresh: true, clockOff: isOff(got.date) };
    } catch (error) {
      problem = error.reason ?? "not-checked";
    }
  }
  try {
    const token = await kept.token(url);
    if (token) return { list: await read(token, least), problem: null, fresh: false, clockOff: isOff(got?.date) };
  } catch (error) {
    problem ??= error.reason ?? "not-checked";
  }
  return { list: null, problem, fresh: false, clockOff: isOff(got?.date) };
}

/** The status lists there are (IETF Token Status List, "aggregation"): what the server says, else what it said before. */
async function addresses(kept, verifyUrl) {
  const url = `${verifyUrl}/status/`;
  const got = await download(url);
  if (got) await kept.keep(url, got.token, 0);
  try {
    const { status_lists: named } = JSON.parse(got?.token ?? (await kept.token(url)));
    return named.filter((one) => typeof one === "string" && one.startsWith(url)).slice(0, 64);
  } catch {
    return [];
  }
}

/** The text at one of our own addresses and the server's clock; null if it does not answer soon. */
async function download(url) {
  try {
    const answer = await fetch(url, { cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return null;
    return { token: await answer.text(), date: Date.parse(answer.headers.get("Date")) };
  } catch {
    return null;
  }
}

/** Whether the server's clock and ours differ by more than two minutes. */
const isOff = (date) => Number.isFinite(date) && Math.abs(date - Date.now()) > LEEWAY * 1000;

/** What was checked once and is kept on this device, with the highest counter seen of each list. */
class Kept {
  static async open() {
    const kept = new Kept();
    kept.cache = globalThis.caches ? await caches.open(KEPT).catch(() => null) : null;
    return kept;
  }

  async token(url) {
    const answer = await this.cache?.match(url);
    return answer ? answer.text() : null;
  }

  async keep(url, token, counter) {
    await this.cache?.put(url, new Response(token)).catch(() => null);
    try {
      localStorage.setItem(`counter ${url}`, String(Math.max(counter, this.counter(url))));
    } catch {
      // private browsing: nothing is kept, everything still works online
    }
  }

  counter(url) {
    try {
      return Number(localStorage.getItem(`counter ${url}`)) || 0;
    } catch {
      return 0;
    }
  }
}

/** What kinds and agencies are called, by their codes. Only words: nothing is proved or refused by them. */
export async function names(verifyUrl) {
  const kept = await Kept.open();
  const url = `${verifyUrl}/names.json`;
  const got = await download(url);
  if (got) await kept.keep(url, got.token, 0);
  try {
    return JSON.parse(got?.token ?? (await kept.token(url)));
  } catch {
    return {};
  }
}
