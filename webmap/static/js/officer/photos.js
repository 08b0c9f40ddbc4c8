// Photos: made small on the phone, upright, drawn anew so that nothing but pixels is sent.

const MOST_BYTES = 500_000;
const SIDES = [1600, 1280, 1024, 800, 640];
const QUALITIES = [0.82, 0.7, 0.6];
export const MOST_PHOTOS = 3;

export async function shrink(file) {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  try {
    for (const side of SIDES) {
      for (const quality of QUALITIES) {
        const blob = await draw(image, side, quality);
        if (blob.size <= MOST_BYTES) return await described(blob);
      }
    }
  } finally {
    image.close();
  }
  throw new Error("too large");
}

function draw(image, side, quality) {
  const scale = Math.min(1, side / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality);
  });
}

async function described(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { sha256, bytes: blob.size, data: btoa(binary), sent: false };
}

export function asBlob(photo) {
  return new Blob([Uint8Array.from(atob(photo.data), (character) => character.charCodeAt(0))], { type: "image/jpeg" });
}
