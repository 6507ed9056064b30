// How fast was this page? Five numbers, told once when it is left, to this site alone: no cookie, id or address.
const { page } = document.querySelector("script[data-page]").dataset;
const told = { page, language: document.documentElement.lang };
const watched = [];
const slow = new Map(); // interaction: how long
let from = 0, last = 0, sum = 0; // one group of shifts

const seen = {
  paint: (entry) => { if (entry.name === "first-contentful-paint") told.FCP = entry.startTime; },
  "largest-contentful-paint": (entry) => { told.LCP = entry.startTime; },
  navigation: (entry) => { told.TTFB = entry.responseStart; },
  event: ({ interactionId: id, duration }) => { if (id) slow.set(id, Math.max(duration, slow.get(id) ?? 0)); },
  "layout-shift": ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    if (startTime - last > 1000 || startTime - from > 5000) [from, sum] = [startTime, 0];
    [last, sum] = [startTime, sum + value];
    told.CLS = Math.max(told.CLS, 1000 * sum);
  },
};

function tell() {
  if (document.visibilityState !== "hidden" || told.sent) return;
  for (const [watcher, each] of watched) watcher.takeRecords().forEach(each);
  const longest = [...slow.values()].sort((a, b) => b - a);
  if (longest.length) told.INP = longest[Math.floor(longest.length / 50)]; // of fifty, one may be worse
  navigator.sendBeacon("/api/vitals", new Blob([JSON.stringify(told)], { type: "application/json" }));
  told.sent = true;
}

const may = !navigator.globalPrivacyControl && navigator.doNotTrack !== "1" && navigator.sendBeacon;
if (may && document.visibilityState === "visible") {
  for (const type of PerformanceObserver.supportedEntryTypes) {
    if (!seen[type]) continue;
    if (type === "layout-shift") told.CLS = 0;
    const watcher = new PerformanceObserver((list) => list.getEntries().forEach(seen[type]));
    watcher.observe({ type, buffered: true, durationThreshold: 16 });
    watched.push([watcher, seen[type]]);
  }
  addEventListener("visibilitychange", tell, true);
}
