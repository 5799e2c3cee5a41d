// A photo of the person: chosen, taken, dropped or pasted; sent as it is, and never kept here.

import { token, words as said } from "./post.js";

const LARGEST = 24 * 1024 * 1024;
const box = document.getElementById("photo");
const words = document.getElementById("photo-words").dataset;
const people = document.getElementById("photo-people");
const more = document.getElementById("photo-more");
const line = document.getElementById("photo-said");
const inputs = ["photo-file", "photo-camera"].map((id) => document.getElementById(id));

let sent = 0;
let chosen = null; // { photo, person, slots }
const listeners = [];

export const onPhoto = (listener) => listeners.push(listener);
export const chosenPhoto = () => chosen;
export const keepPicture = () => document.getElementById("keep-picture").checked;
export const changedToday = () =>
  [...box.querySelectorAll("[data-changed]:checked")].map((one) => one.value);

function tell(next) {
  chosen = next;
  more.hidden = !next;
  for (const listener of listeners) listener(next);
}

export function removePhoto() {
  sent += 1;
  for (const input of inputs) input.value = "";
  for (const one of box.querySelectorAll("[data-changed], #keep-picture")) one.checked = false;
  people.hidden = true;
  people.querySelector(".photo-row").replaceChildren();
  line.textContent = "";
  tell(null);
}

async function read(file) {
  if (file.size > LARGEST) throw new Error(words.large);
  const headers = { "x-csrf-token": token(), accept: "application/json", "content-type": "application/octet-stream" };
  const answer = await fetch("/api/photo", { method: "POST", headers, body: file }).catch(() => null);
  if (!answer || answer.status >= 500) throw new Error(said.unreachable);
  if (answer.status === 401) { location.assign("/login"); throw new Error(said.signedOut); }
  if (answer.status === 413) throw new Error(words.large);
  if (answer.status === 400) throw new Error(words.unreadable);
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || said.failed);
  return data;
}

function draw(found) {
  people.querySelector(".photo-row").replaceChildren(...found.people.map((one, n) => {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "photo-person";
    radio.checked = n === 0;
    radio.addEventListener("change", () => tell({ photo: found.photo, person: n, slots: one.slots }));
    const picture = document.createElement("img");
    picture.src = one.picture;
    picture.alt = words.person.replace("#", n + 1);
    label.append(radio, picture);
    return label;
  }));
  people.hidden = false;
}

async function take(file) {
  if (!file) return;
  const mine = ++sent;
  people.hidden = true;
  line.textContent = words.reading;
  box.setAttribute("aria-busy", "true");
  try {
    const found = await read(file);
    if (mine !== sent) return;
    if (!found.people.length) { tell(null); line.textContent = words.nobody; return; }
    draw(found);
    line.textContent = words.found.replace("#", found.people.length);
    tell({ photo: found.photo, person: 0, slots: found.people[0].slots });
    if (found.people.length > 1) people.querySelector("input").focus();
  } catch (error) {
    if (mine === sent) { tell(null); line.textContent = error.message; }
  } finally {
    if (mine === sent) box.removeAttribute("aria-busy");
  }
}

for (const input of inputs) input.addEventListener("change", () => take(input.files[0]));
for (const one of box.querySelectorAll("[data-changed]")) {
  one.addEventListener("change", () => tell(chosen));
}
box.querySelector(".photo-remove")?.addEventListener("click", () => { removePhoto(); inputs[0].focus(); });

const holdsFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  box.classList.add("over");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) box.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  box.classList.remove("over");
  take(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
  if (file) { event.preventDefault(); take(file); }
});
box.hidden = false;
