// Passkeys. A button with `data-passkey` asks the server what to ask for, has the browser ask the person, puts the
// answer into the field `passkey` of its form, and sends that form.
const STATUS = "[data-passkey-status]";

function say(form, text) {
  const status = form.querySelector(STATUS);
  if (status) status.textContent = text;
}

async function question(path) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: "",
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? "The server did not answer. Try again.");
  return JSON.parse(body);
}

async function answer(button) {
  const { passkey, options } = button.dataset;
  const asked = await question(options);
  if (passkey === "make") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
  return navigator.credentials.get({ publicKey });
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-passkey]") : null;
  const form = button?.form;
  if (!form) return;
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    say(form, "This browser has no passkeys. Use a code.");
    return;
  }
  button.disabled = true;
  say(form, "Follow your browser.");
  try {
    form.elements.passkey.value = JSON.stringify(await answer(button));
    say(form, "");
    // A code is not needed beside it.
    form.noValidate = true;
    form.requestSubmit();
  } catch (error) {
    say(form, error instanceof DOMException ? "No passkey was used. Try again, or use a code." : error.message);
  } finally {
    button.disabled = false;
    // After the form was read, which a page that sends it by itself does a moment later.
    setTimeout(() => {
      form.noValidate = false;
      form.elements.passkey.value = "";
    });
  }
});
