// Keeps this page and its scripts on the device, so that a code can be checked without internet.
// VERSION, PAGES, FILES and SCANNER are written above this line by the server; a new version replaces everything at once.
// It never handles the signed lists (the page keeps those it has checked) and never sees a code: that stands after `#`.

const SHELL = `yinxin-shell-${VERSION}`;
const READER = "yinxin-reader-1";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(SHELL)
      .then((cache) => cache.addAll([...PAGES, ...FILES].map((url) => new Request(url, { credentials: "omit", cache: "reload" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("yinxin-shell-") && name !== SHELL).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === "/") event.respondWith(page(url, event.request));
  else if (FILES.includes(url.pathname + url.search)) event.respondWith(kept(SHELL, event.request));
  else if (url.pathname.startsWith(SCANNER)) event.respondWith(kept(READER, event.request));
});

/** The page in the language that was asked for, or chosen before, or that the browser prefers, as the server would choose. */
async function page(url, request) {
  const chosen = url.searchParams.get("lang") ?? (await (await caches.match("/language", { cacheName: "yinxin-choice" }))?.text());
  const preferred = /^en/i.test(navigator.languages.find((one) => /^(zh|en)/i.test(one)) ?? "") ? "en" : "zh-Hans";
  const found = await caches.match(`/?lang=${chosen ?? preferred}`, { cacheName: SHELL });
  return found ?? fetch(request);
}

async function kept(name, request) {
  const cache = await caches.open(name);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
