// The code by which a citizen follows what an officer reports for him. It is drawn on the phone, so that it can be handed over
// before anything is sent, and stays the same however often the report is sent; the platform keeps its hash alone.

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // 32 characters: five bits of each byte choose one, none more often
const LENGTH = 10;
const LEAST_DIFFERENT = 3; // what has fewer is refused as not drawn

export function drawCode() {
  let code = "";
  do {
    code = [...crypto.getRandomValues(new Uint8Array(LENGTH))].map((byte) => ALPHABET[byte & 31]).join("");
  } while (new Set(code).size < LEAST_DIFFERENT);
  return code;
}

// Show number, code and QR code of the form in a panel; before there is a number the words for that and the form alone.
export function showCode(panel, { code, number = "", waits = "", qr }) {
  panel.querySelector(".follow-number").textContent = number || waits;
  panel.querySelector(".follow-code").textContent = `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
  panel.querySelector("img").src = qr;
  panel.hidden = false;
}
