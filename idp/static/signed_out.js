// On to the service when every other one has been asked in its frame (OpenID Connect Front-Channel Logout 1.0 2), or after five
// seconds; without scripts there is a link.
const go = () => document.getElementById("onward").click();
window.addEventListener("load", go, { once: true });
setTimeout(go, 5000);
