// The camera and the picture door: find one code and hand its text on. The reader (412 kB) is loaded only now.

const base = new URL("./vendor/zxing-wasm/reader/", import.meta.url);
const OPTIONS = { formats: ["QRCode"], tryHarder: true, tryInvert: true, maxNumberOfSymbols: 4, textMode: "Plain" };
const PATIENCE = 60_000; // milliseconds of looking; then the other doors are offered

let reader;
async function load() {
  reader ??= import(new URL("index.js", base)).then((zxing) => {
    zxing.prepareZXingModule({ overrides: { locateFile: (name) => new URL(name, base).href } }); // its default is a foreign server
    return zxing;
  });
  return reader;
}

/** The different texts in a picture. */
async function texts(image) {
  const { readBarcodes } = await load();
  const found = await readBarcodes(image, OPTIONS);
  return [...new Set(found.filter(({ isValid }) => isValid).map(({ text }) => text))];
}

/** A photo from this device: read here, not uploaded. */
export async function picture(file, check, tell) {
  let found;
  try {
    found = await texts(file);
  } catch {
    return tell("not-a-document");
  }
  if (found.length === 1) return check(found[0]);
  return tell(found.length ? "several-codes" : "no-code");
}

/** Show the camera until one code is in view. Every way in which a camera fails has its words and the other doors. */
export async function scan(check, word) {
  const view = document.getElementById("camera");
  const video = view.querySelector("video");
  const told = view.querySelector("[data-part=told]");
  const stop = await opened(view, video, told, word);
  if (!stop) return;
  const end = performance.now() + PATIENCE;
  try {
    await load();
    while (!stop.done && performance.now() < end) {
      const found = await texts(frame(video));
      if (found.length > 1) told.textContent = word("several");
      if (found.length === 1 && !stop.done) {
        stop();
        return check(found[0]);
      }
      await new Promise((next) => setTimeout(next, 60));
    }
    if (!stop.done) told.textContent = word("not-found");
  } catch {
    told.textContent = word("reader-failed");
  }
  stop();
}

async function opened(view, video, told, word) {
  view.hidden = false;
  told.textContent = word("looking");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  } catch (error) {
    told.textContent = word({ NotAllowedError: "camera-denied", NotFoundError: "camera-absent" }[error.name] ?? "camera-busy");
    return null;
  }
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const stop = () => {
    stop.done = true;
    stream.getTracks().forEach((track) => track.stop());
    video.hidden = true;
  };
  stop.done = false;
  view.querySelector("#stop").onclick = () => {
    stop();
    view.hidden = true;
  };
  return stop;
}

function frame(video) {
  const canvas = (frame.canvas ??= document.createElement("canvas"));
  canvas.width = video.videoWidth || 640;
  canvas.height = video.videoHeight || 480;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
