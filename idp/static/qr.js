// The page with the code: draws the next code, and goes on when the phone has been there. Without it the page loads itself anew.
"use strict";
(function () {
  const EVERY = 2000; // milliseconds; the server counts
  const place = document.querySelector("[data-qr]");
  const collect = document.getElementById("collect");
  if (collect) {
    collect.submit();
    return;
  }
  if (!place) return;
  document.getElementById("number")?.focus();
  function draw(now) {
    const holder = place.querySelector("[data-code]");
    const link = place.querySelector("[data-link]");
    if (link.href === now.link) return;
    link.href = now.link;
    const drawn = new DOMParser().parseFromString(now.code, "image/svg+xml").documentElement;
    holder.replaceChildren(document.importNode(drawn, true));
  }
  async function look() {
    let wait = EVERY;
    try {
      const said = await fetch(place.dataset.qr, { cache: "no-store", headers: { Accept: "application/json" } });
      if (said.status === 429 || said.status >= 500) wait = 5 * EVERY;
      else {
        const now = said.ok ? await said.json() : { stage: "gone" };
        if (now.stage !== place.dataset.stage) return location.reload();
        if (now.stage === "shown") draw(now);
      }
    } catch (error) {
      wait = 2 * EVERY; // the network comes back
    }
    setTimeout(look, wait);
  }
  setTimeout(look, EVERY);
})();
