// Passkeys: asks the browser to make or to use one, and hands what it answers to the form around the button.
// Without this, or in a browser that knows none, pages offer a code instead.
"use strict";

(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !form.dataset.options || !window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer;
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const listed = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

  async function make(wish) {
    const made = await navigator.credentials.create({
      publicKey: {
        ...wish, challenge: bytes(wish.challenge), user: { ...wish.user, id: bytes(wish.user.id) },
        excludeCredentials: listed(wish.excludeCredentials),
      },
    });
    return {
      attestationObject: text(made.response.attestationObject), clientDataJSON: text(made.response.clientDataJSON),
      transports: made.response.getTransports ? made.response.getTransports() : [], _: made,
    };
  }

  async function use(question) {
    const used = await navigator.credentials.get({
      publicKey: { ...question, challenge: bytes(question.challenge), allowCredentials: listed(question.allowCredentials) },
    });
    const { authenticatorData, clientDataJSON, signature, userHandle } = used.response;
    return {
      authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON), signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null, _: used,
    };
  }

  const button = form.querySelector("[data-passkey-button]");
  const fault = form.querySelector("[data-passkey-fault]");
  for (const part of form.querySelectorAll("[data-passkey-part]")) part.hidden = false;
  for (const part of form.querySelectorAll("[data-passkey-absent]")) part.hidden = true;

  button.addEventListener("click", async () => {
    fault.hidden = true;
    button.disabled = true;
    try {
      const asked = JSON.parse(form.dataset.options).publicKey;
      const { _: credential, ...response } = await (form.dataset.passkey === "create" ? make(asked) : use(asked));
      form.elements.credential.value = JSON.stringify({
        id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
        authenticatorAttachment: credential.authenticatorAttachment || null,
        clientExtensionResults: credential.getClientExtensionResults(),
      });
      form.submit();
    } catch {
      fault.hidden = false;
      button.disabled = false;
    }
  });
})();
