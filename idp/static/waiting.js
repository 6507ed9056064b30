// A page that asks to sign in and was left for another window: when it is looked at again and that is done, it goes on.
"use strict";
(function () {
  const { waiting } = document.querySelector("script[data-waiting]").dataset;
  async function look() {
    if (document.visibilityState !== "visible") return;
    try {
      const said = await fetch(waiting, { cache: "no-store", headers: { Accept: "application/json" } });
      if (said.ok && (await said.json()).go) location.reload();
    } catch (error) {
      // the network comes back; the form works without this
    }
  }
  document.addEventListener("visibilitychange", look);
})();
