// The search page: chips, filters, sightings by keyboard, evidence, confirm and reject.

import { post, toast, words as said, Unreachable } from "./post.js";
import { decidesFor } from "./live.js";
import { decide as send } from "./queue.js";
import { lost, onBack, tell } from "./reach.js";
import { nextCertainty } from "./chips.js";
import { chosenPhoto, keepPicture, removePhoto } from "./photo.js";

const form = document.getElementById("search");
const base = `/case/${form.dataset.case}`;
const results = document.getElementById("part-results");
const chips = document.getElementById("part-chips");
const evidence = document.getElementById("evidence");
const words = document.getElementById("words").dataset;
const wide = matchMedia("(min-width: 1100px)");
const seen = new Set();
let number = Number(form.dataset.number);
let current = null;
let before = "";
let top = 0; // sightings shown, once more were asked for

const cards = () => [...results.querySelectorAll(".sighting")];

function columns() {
  const all = cards();
  return Math.max(1, all.filter((card) => card.offsetTop === all[0].offsetTop).length);
}

function choose(card, open) {
  for (const other of cards()) {
    const mine = other === card;
    other.setAttribute("aria-selected", String(mine));
    other.tabIndex = mine ? 0 : -1;
  }
  current = card ? card.dataset.sighting : null;
  if (!card) return clear();
  if (open || wide.matches) show(card);
}

function clear() {
  evidence.classList.remove("open");
  document.body.classList.remove("covered");
}

function show(card) {
  const detail = card.querySelector("template.detail").content.cloneNode(true);
  const body = evidence.querySelector(".evidence-body");
  body.replaceChildren(detail);
  evidence.classList.add("open");
  document.body.classList.toggle("covered", !wide.matches);
  const sighting = card.dataset.sighting;
  if (!seen.has(sighting)) {
    seen.add(sighting);
    post(`${base}/view`, { sighting }).catch(() => {});
  }
  if (!wide.matches) body.querySelector(".act")?.focus();
}

function back() {
  clear();
  cards().find((card) => card.dataset.sighting === current)?.focus();
}

function take(answer, push) {
  if (answer.results) results.innerHTML = answer.results;
  if (answer.chips) chips.innerHTML = answer.chips;
  if (answer.facts !== undefined) document.getElementById("part-facts").innerHTML = answer.facts;
  if (answer.confirmed !== undefined) {
    document.getElementById("part-confirmed").innerHTML = answer.confirmed;
  }
  if (answer.slots) form.elements.slots.value = JSON.stringify(answer.slots);
  if (answer.number) {
    const moved = answer.number !== number;
    number = answer.number;
    if (push && moved) history.pushState({ number }, "", `${base}?s=${number}`);
  }
}

function values(extra) {
  const data = { ...extra };
  const chosen = new FormData(form);
  for (const name of ["window", "since", "until"]) data[name] = chosen.get(name) || "";
  const cameras = chosen.getAll("camera");
  if (cameras.length) data.camera = cameras;
  if (top) data.top = top;
  return data;
}

async function search(extra) {
  results.setAttribute("aria-busy", "true");
  try {
    take(await post(`${base}/search`, values(extra)), true);
    const first = cards()[0];
    if (wide.matches && first) choose(first, false);
  } catch (error) {
    fail(error);
  } finally {
    results.removeAttribute("aria-busy");
  }
}

function fail(error) {
  if (error instanceof Unreachable) lost();
  toast(error.message || words.failed);
}

// Marks what is kept until the server is back.
function keepFor(sighting) {
  const picture = cards().find((card) => card.dataset.sighting === sighting)?.querySelector(".picture");
  picture?.querySelector(".stamp")?.remove();
  const stamp = document.createElement("span");
  stamp.className = "stamp waits";
  stamp.textContent = said.waits;
  picture?.append(stamp);
  toast(said.kept);
  lost();
  tell();
}

const slots = () => JSON.parse(form.elements.slots.value || "[]");
const more = async (button) => {
  const shown = cards().length;
  top = Number(button.dataset.top);
  await again(slots());
  const first = cards()[shown];
  if (first) { choose(first, false); first.focus(); }
};
const again = (changed, left) =>
  search({ slots: JSON.stringify({ slots: changed, ...photo(), ...places(left) }), skip: [...skipped].join(",") });

// Cameras near a place that was said, once one of them is dropped.
function places(left) {
  return left ? { places: left } : {};
}

// What of the photo that is searched for is different today.
function photo() {
  const used = chips.querySelector("[data-photo]");
  if (!used) return {};
  return { photo: { changed: [...used.querySelectorAll("input:checked")].map((one) => one.value) } };
}

async function withPhoto(address, data) {
  results.setAttribute("aria-busy", "true");
  try {
    take(await post(address, data), true);
    removePhoto();
  } catch (error) {
    fail(error);
  } finally {
    results.removeAttribute("aria-busy");
  }
}

document.querySelector(".photo-use").addEventListener("click", () => {
  const { photo: name, person } = chosenPhoto();
  withPhoto(`${base}/photo`, { photo: name, person, keep_picture: keepPicture() ? "yes" : "" });
});
chips.addEventListener("change", () => again(slots()));

chips.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.classList.contains("photo-forget")) {
    withPhoto(`${base}/photo/forget`, {});
    return;
  }
  const place = button.closest("[data-place]");
  if (place) {
    const named = [...chips.querySelectorAll("[data-place]")].filter((one) => one !== place);
    again(slots(), named.map((one) => one.dataset.place));
    return;
  }
  const index = Number(button.closest(".chip").dataset.index);
  const all = slots();
  if (button.classList.contains("remove")) all.splice(index, 1);
  else all[index].certainty = nextCertainty(all[index].certainty);
  again(all);
});

const text = document.getElementById("text");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (said && said !== text.dataset.said.trim()) {
    text.dataset.said = said;
    search({ text: said });
  } else {
    again(slots());
  }
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
});
document.getElementById("filters").addEventListener("change", (event) => {
  if (event.target.name === "since" || event.target.name === "until") {
    form.querySelector('[name="window"][value=""]').checked = true;
  }
  again(slots());
});

const skipped = new Set();

function answer(button) {
  const slot = button.closest(".question").dataset.slot;
  if (button.classList.contains("skip-question")) {
    skipped.add(slot);
    return again(slots());
  }
  const negated = Boolean(button.dataset.negated);
  const entry = { slot, value: button.dataset.value, certainty: "sure", negated, group: null, modifier: null };
  return again([...slots(), entry]);
}

results.addEventListener("click", (event) => {
  const reply = event.target.closest(".question button");
  if (reply) { answer(reply); return; }
  const further = event.target.closest(".show-more");
  if (further) { more(further); return; }
  if (event.target.closest(".back-to-search")) {
    results.innerHTML = before;
    return;
  }
  const card = event.target.closest(".sighting");
  if (card) { choose(card, true); if (wide.matches) card.focus(); }
});
results.addEventListener("focusin", (event) => {
  const card = event.target.closest(".sighting");
  if (card && card.dataset.sighting !== current) choose(card, false);
});

async function decide(sighting, verdict) {
  const all = cards();
  const at = all.findIndex((card) => card.dataset.sighting === sighting);
  const following = all[at + 1]?.dataset.sighting;
  try {
    const answer = await send(form.dataset.case, sighting, verdict, { s: number, ...(top ? { top } : {}) });
    if (!answer) { keepFor(sighting); return; }
    take(answer, false);
  } catch (error) {
    fail(error);
    return;
  }
  toast({ confirmed: words.confirmed, rejected: words.rejected, undo: words.undone }[verdict]);
  clear();
  const wanted = verdict === "rejected" ? following : sighting;
  const card = cards().find((one) => one.dataset.sighting === wanted) || cards()[0];
  if (card) { choose(card, false); card.focus({ preventScroll: !wide.matches }); }
}

async function similar(sighting) {
  before = results.innerHTML;
  try {
    const answer = await post(`${base}/similar`, { sighting });
    results.innerHTML = answer.html;
    clear();
    cards()[0]?.focus();
    scrollTo({ top: 0 });
  } catch (error) {
    fail(error);
  }
}

evidence.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.classList.contains("back")) back();
  else if (button.classList.contains("similar")) similar(current);
  else if (button.dataset.verdict) decide(current, button.dataset.verdict);
});

const MOVES = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns() };

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, summary") || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = cards();
  const at = all.findIndex((card) => card.dataset.sighting === current);
  if (MOVES[event.key] && all.length) {
    event.preventDefault();
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + MOVES[event.key]()))];
    next.focus();
    choose(next, false);
  } else if (event.key === "Enter" && event.target.closest(".sighting")) {
    event.preventDefault();
    show(all[at]);
    evidence.querySelector(".act")?.focus();
  } else if (event.key === "Escape") {
    back();
  } else if (event.key === "/") {
    event.preventDefault();
    text.focus();
  } else if (current && event.key === "c") {
    decide(current, "confirmed");
  } else if (current && event.key === "x") {
    decide(current, "rejected");
  } else if (current && event.key === "s") {
    similar(current);
  }
});

decidesFor(form.dataset.case, decide);
onBack(() => { if (results.querySelector(".stamp.waits")) again(slots()); });
addEventListener("popstate", () => location.reload());
if (number && !location.search) history.replaceState({ number }, "", `${base}?s=${number}`);
if (cards().length) {
  if (wide.matches) choose(cards()[0], false);
  cards()[0].focus({ preventScroll: true });
}
