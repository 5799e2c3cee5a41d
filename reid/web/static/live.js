// Keeps a page as it would be after a reload: alerts as cards, badges, lists, the plan.

import { post, toast, Unreachable, words } from "./post.js";
import { decide } from "./queue.js";
import { check, isGone, lost, onBack, tell } from "./reach.js";
import { chime } from "./sound.js";

const SILENT_MS = 40_000; // the server speaks every 15 s
const MOST_CARDS = 3;
const DISMISSED = "reid-dismissed";
const from = document.body.dataset.liveFrom || "/alerts";
const own = document.body.dataset.case || "";
const floating = document.getElementById("floating");
const title = document.title;
const deciders = {};
let asked = 0;
let soon;
let heard = Date.now();

// A page that shows a case's sightings decides on them itself, so that its list follows.
export const decidesFor = (caseId, decider) => { deciders[caseId] = decider; };

export function refreshSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => refresh().catch(() => {}), 300);
}

async function refresh() {
  const mine = ++asked;
  const answer = await fetch(from, { headers: { accept: "text/html" } });
  if (mine !== asked) return;
  if (own && (answer.status === 404 || answer.redirected)) { location.reload(); return; }
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(region.id);
    if (!fresh || fresh.innerHTML === region.innerHTML) continue;
    if (region.querySelector(":active")) refreshSoon(); // somebody is pressing a button in it
    else swap(region, fresh);
  }
  settle();
}

const markOf = (element) => element.dataset.focus || element.getAttribute("href");

function swap(region, fresh) {
  const active = region.contains(document.activeElement) ? document.activeElement : null;
  Object.assign(region.dataset, fresh.dataset);
  region.replaceChildren(...fresh.childNodes);
  if (!active) return;
  const same = [...region.querySelectorAll("button, a")].find((one) => markOf(one) && markOf(one) === markOf(active));
  (same || document.getElementById("main")).focus({ preventScroll: true });
}

const dismissed = () => new Set((sessionStorage.getItem(DISMISSED) || "").split(",").filter(Boolean));

function settle() {
  const ids = document.getElementById("nav-alerts").dataset.waiting.split(",").filter(Boolean);
  document.title = ids.length ? `(${ids.length}) ${title}` : title;
  const away = dismissed();
  for (const card of floating.querySelectorAll(".alert-card")) {
    if (!ids.includes(card.dataset.alert) || away.has(card.dataset.alert)) card.remove();
  }
}

function raise(alert) {
  chime();
  navigator.vibrate?.(200);
  if (alert.html && !["all", String(alert.case)].includes(document.body.dataset.alerts)) {
    const holder = document.createElement("template");
    holder.innerHTML = alert.html;
    floating.prepend(holder.content);
    [...floating.children].slice(MOST_CARDS).forEach((card) => card.remove());
  }
  refreshSoon();
}

async function decideOn(card, verdict) {
  const { case: caseId, sighting } = card.dataset;
  const buttons = card.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    if (deciders[caseId]) {
      await deciders[caseId](sighting, verdict);
    } else {
      const answer = await decide(caseId, sighting, verdict, { brief: "yes" });
      toast(answer ? words[verdict] : words.kept);
      if (!answer) { lost(); tell(); }
    }
    card.remove();
    refreshSoon();
  } catch (error) {
    buttons.forEach((button) => { button.disabled = false; });
    toast(error.message || words.failed);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest(".alert-actions");
  if (!form) return;
  event.preventDefault();
  decideOn(form.closest(".alert-card"), event.submitter.value);
}, true);

// A form that changes one thing on its page, which is then taken anew: nobody is led away.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.quiet === undefined) return;
  event.preventDefault();
  const values = { ...Object.fromEntries(new FormData(form)), [event.submitter.name]: event.submitter.value };
  try {
    await post(form.getAttribute("action"), values);
    refreshSoon();
  } catch (error) {
    if (error instanceof Unreachable) lost();
    toast(error.message || words.failed);
  }
}, true);

floating?.addEventListener("click", (event) => {
  const card = event.target.closest(".dismiss")?.closest(".alert-card");
  if (!card) return;
  sessionStorage.setItem(DISMISSED, [...dismissed(), card.dataset.alert].slice(-50).join(","));
  card.remove();
});

let events;

function listen() {
  events = new EventSource("/events");
  const hear = (name, then) => events.addEventListener(name, (event) => { heard = Date.now(); then(event); });
  hear("open", () => { if (isGone()) check(); });
  hear("beat", () => { if (isGone()) check(); });
  hear("alert", (event) => raise(JSON.parse(event.data)));
  hear("changed", refreshSoon);
  events.addEventListener("error", () => {
    check();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

if (floating) {
  listen();
  onBack(refreshSoon);
  settle();
  setInterval(() => { if (Date.now() - heard > SILENT_MS) check(); }, 10_000);
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); refreshSoon(); } });
}
