// A sentence and a form that fill each other.

import { post } from "./post.js";
import { drawChips, plain } from "./chips.js";

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
  drawChips(list, slots, words, () => { keep(); draw(); fillForm(); });
  keep();
}

function keep() {
  form.elements.slots.value = text.value.trim() ? JSON.stringify({ slots: slots.map(plain) }) : "";
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
  const answer = await post("/api/describe", { text: text.value });
  if (mine !== asked) return;
  show(answer);
  fillForm();
}

async function phrase() {
  const mine = ++asked;
  const answer = await post("/api/phrase", { slots: JSON.stringify({ slots: slots.map(plain) }) });
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
  form.elements.slots.value = "";
  waiting = setTimeout(() => understand().catch(() => {}), 250);
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
});
for (const field of fields) field.addEventListener("change", () => fromField(field));
for (const id of ["last_seen_place", "last_seen_time", "companion"]) {
  document.getElementById(id).addEventListener("input", () => touched.add(id));
}
if (text.value.trim()) understand().catch(() => {});
