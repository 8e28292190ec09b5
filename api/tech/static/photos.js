// Photos: scaled down where the browser can read them; otherwise kept as they are, byte for byte.

const LONGEST = 1920;
const QUALITY = 0.82;

/** Return a photo as bytes with its name and type. `readable`: the browser can show it. */
export async function scaled(file) {
  const name = file.name || "photo.jpg";
  let picture = null;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return { name, type: file.type || "application/octet-stream", bytes: await file.arrayBuffer(), readable: false };
  }
  const factor = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * factor));
  canvas.height = Math.max(1, Math.round(picture.height * factor));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return { name: `${name.replace(/\.\w+$/, "")}.jpg`, type: "image/jpeg", bytes: await blob.arrayBuffer(), readable: true };
}
