// Passkeys (WebAuthn Level 3). A form with data-passkey is shown only where the browser knows passkeys; its `answer` is filled here.
"use strict";
(function () {
  function bytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  }
  function text(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function asked(options) {
    const read = JSON.parse(options);
    read.challenge = bytes(read.challenge);
    if (read.user) read.user.id = bytes(read.user.id);
    for (const name of ["excludeCredentials", "allowCredentials"]) {
      for (const one of read[name] || []) one.id = bytes(one.id);
    }
    return read;
  }
  function answer(made) {
    const response = { clientDataJSON: text(made.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    if (made.response.getTransports) response.transports = made.response.getTransports();
    return JSON.stringify({
      id: made.id, rawId: text(made.rawId), type: made.type, response: response,
      authenticatorAttachment: made.authenticatorAttachment || undefined,
      clientExtensionResults: made.getClientExtensionResults(),
    });
  }
  let waiting = null; // what the browser offers in the field of the account name, until somebody presses the button
  async function offer(form) {
    const knows = window.PublicKeyCredential.isConditionalMediationAvailable;
    if (!knows || !(await window.PublicKeyCredential.isConditionalMediationAvailable())) return;
    waiting = new AbortController();
    try {
      const made = await navigator.credentials.get({
        publicKey: asked(form.dataset.options), mediation: "conditional", signal: waiting.signal,
      });
      form.elements.answer.value = answer(made);
      form.submit();
    } catch (error) {
      // given up for the button, or nothing chosen: the page goes on working
    }
  }
  async function use(form) {
    const how = form.dataset.passkey;
    if (waiting) waiting.abort();
    const message = form.querySelector("[data-message]");
    const button = form.querySelector("button");
    message.hidden = true;
    button.disabled = true;
    try {
      form.elements.answer.value = answer(await navigator.credentials[how]({ publicKey: asked(form.dataset.options) }));
      form.submit();
    } catch (error) {
      message.textContent = form.dataset.failed;
      message.hidden = false;
      button.disabled = false;
    }
  }
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      use(form);
    });
    if ("autofill" in form.dataset) offer(form);
  }
})();
