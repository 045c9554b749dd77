// A photo of the document: from the camera of the counter, or from a file where no camera answers.

const dialog = document.getElementById("camera");
const video = dialog.querySelector("video");
const says = dialog.querySelector("[data-camera-says]");
const files = [...document.querySelectorAll("input[type=file][name=photo]")];
let file = files[0];
const WIDEST = 1920;
const QUALITY = 0.88;
let stream = null;

const buttons = [...document.querySelectorAll("[data-camera]")];
buttons.forEach((button) => button.addEventListener("click", () => openFor(button)));
document.addEventListener("keydown", (event) => {
  if (event.key !== "F8" || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  open();
});

// A button inside a form fills the file of that form; the key and a button beside fill the first one.
function openFor(button) {
  file = button.form?.querySelector("input[type=file][name=photo]") ?? files[0];
  open();
}

async function open() {
  says.textContent = "";
  dialog.showModal();
  dialog.querySelector("[data-camera-take]").focus();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: WIDEST } } });
    video.srcObject = stream;
    await video.play();
  } catch {
    says.textContent = dialog.dataset.none;
    dialog.querySelector("[data-camera-file]").focus();
  }
}

dialog.addEventListener("close", () => {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
});
dialog.querySelector("[data-camera-close]").addEventListener("click", () => dialog.close());
dialog.querySelector("[data-camera-file]").addEventListener("click", () => {
  dialog.close();
  const folded = file.closest("details");
  if (folded) folded.open = true;
  file.click();
});
dialog.querySelector("[data-camera-take]").addEventListener("click", () => {
  if (!video.videoWidth) return dialog.querySelector("[data-camera-file]").click();
  const scale = Math.min(1, WIDEST / video.videoWidth);
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.round(video.videoWidth * scale),
    height: Math.round(video.videoHeight * scale),
  });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  canvas.toBlob(attach, "image/jpeg", QUALITY);
});

function attach(blob) {
  const carried = new DataTransfer();
  carried.items.add(new File([blob], "document.jpg", { type: "image/jpeg" }));
  file.files = carried.files;
  file.dispatchEvent(new Event("change", { bubbles: true }));
  dialog.close();
}

for (const one of files) {
  const taken = one.form.querySelector("[data-photo-taken]") ?? document.getElementById("photo-taken");
  one.addEventListener("change", () => tell(one, taken));
}

// Whoever has taken a photo sees whether it can be read; taken again, the new one stands in its place.
async function tell(one, taken) {
  const [photo] = one.files;
  taken.textContent = photo ? dialog.dataset.taken : "";
  if (!photo) return;
  const picture = Object.assign(new Image(), { className: "photo-shown", alt: "" });
  picture.src = await new Promise((done) => {
    const reader = Object.assign(new FileReader(), { onload: () => done(reader.result) });
    reader.readAsDataURL(photo);
  });
  if (one.files[0] === photo) taken.replaceChildren(dialog.dataset.taken, picture);
}
