// A sentence and a form that fill each other.

import { post } from "./post.js";
import { drawChips, plain } from "./chips.js";
import { changedToday, chosenPhoto, onPhoto } from "./photo.js";

const form = document.getElementById("new-case");
const text = document.getElementById("text");
const list = document.getElementById("chips");
const words = document.getElementById("chip-words").dataset;
const fields = [...form.querySelectorAll("[data-slot]")];
const touched = new Set();
let slots = [];
let asked = 0;

function show(answer) {
  slots = answer.slots;
  draw();
  note("refused", words.refused, answer.refused, `. ${words.instead}`);
  note("unparsed", words.unparsed, answer.unparsed);
  document.getElementById("understood").hidden =
    !slots.length && !answer.refused.length && !answer.unparsed.length;
  fill("last_seen_place", answer.place);
  fill("companion", answer.with);
  if (/^\d\d:\d\d$/.test(answer.time)) fill("last_seen_time", answer.time);
}

function draw() {
  drawChips(list, slots, words, () => { keep(); draw(); fillForm(); }, isChanged);
  keep();
}

const PARTS = { outer: "upper", neck: "upper" };

function isChanged(entry) {
  const region = entry.slot.split(".")[0];
  return changedToday().includes(PARTS[region] || region);
}

const ofWords = (entry) => entry.source !== "photo";
const json = (entries) => JSON.stringify({ slots: entries.map(plain) });
const seen = () => (chosenPhoto() ? { seen: json(slots.filter((one) => !ofWords(one))) } : {});

function keep() {
  const photo = chosenPhoto();
  const asked = { slots: slots.map(plain), ...(photo ? { photo: { changed: changedToday() } } : {}) };
  form.elements.slots.value = text.value.trim() || photo ? JSON.stringify(asked) : "";
  form.elements.photo.value = photo ? photo.photo : "";
  form.elements.person.value = photo ? photo.person : 0;
}

function note(id, label, items, then = "") {
  const line = document.getElementById(id);
  line.hidden = !items.length;
  line.textContent = items.length ? `${label} ${items.join(", ")}${then}` : "";
}

function fill(id, value) {
  const field = document.getElementById(id);
  if (value && !touched.has(id)) field.value = value;
}

function fillForm() {
  for (const field of fields) {
    const entry = slots.find((one) => one.slot === field.dataset.slot && !one.negated);
    if (field.type === "checkbox") field.checked = Boolean(entry);
    else field.value = entry ? String(entry.value) : "";
  }
}

async function understand() {
  const mine = ++asked;
  const answer = await post("/api/describe", { text: text.value, ...seen() });
  if (mine !== asked) return;
  show(answer);
  fillForm();
}

async function phrase() {
  const mine = ++asked;
  const answer = await post("/api/phrase", { slots: json(slots.filter(ofWords)), ...seen() });
  if (mine !== asked) return;
  text.value = answer.text;
  show(answer);
}

function fromField(field) {
  const slot = field.dataset.slot;
  const at = slots.findIndex((one) => one.slot === slot && !one.negated);
  const chosen = field.type === "checkbox" ? (field.checked ? "present" : "") : field.value;
  const value = field.type === "number" && chosen !== "" ? Number(chosen) : chosen;
  const entry = { slot, value, certainty: "sure", negated: false, group: null, modifier: null };
  slots = slots.filter((one, i) => i === at || one.slot !== slot || one.negated);
  const again = slots.findIndex((one) => one.slot === slot && !one.negated);
  if (chosen === "" && again >= 0) slots.splice(again, 1);
  else if (again >= 0) slots[again] = entry;
  else if (chosen !== "") slots.push(entry);
  phrase().catch(() => {});
}

let waiting;
text.addEventListener("input", () => {
  clearTimeout(waiting);
  if (!chosenPhoto()) form.elements.slots.value = "";
  waiting = setTimeout(() => understand().catch(() => {}), 250);
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
});
let shown = null;
onPhoto((photo) => {
  const same = photo && shown && photo.photo === shown.photo && photo.person === shown.person;
  shown = photo;
  if (same) { draw(); return; }
  slots = [...slots.filter(ofWords), ...(photo ? photo.slots : [])];
  keep();
  understand().catch(() => {});
});
form.addEventListener("submit", (event) => {
  if (text.value.trim() || chosenPhoto()) return;
  event.preventDefault();
  text.focus();
});
for (const field of fields) field.addEventListener("change", () => fromField(field));
for (const id of ["last_seen_place", "last_seen_time", "companion"]) {
  document.getElementById(id).addEventListener("input", () => touched.add(id));
}
if (text.value.trim()) understand().catch(() => {});
