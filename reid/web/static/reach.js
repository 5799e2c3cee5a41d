// Whether the server answers: a banner while it does not, and what waits is sent once it does.

import { toast, words } from "./post.js";
import { flush, waiting } from "./queue.js";

const PING_MS = 2000;
const PATIENCE_MS = 4000;
const SHOWN_MS = 8000;
const banner = document.getElementById("reach");
const listeners = [];
let gone = false;
let pinging;

export const isGone = () => gone;
export const onBack = (listener) => listeners.push(listener);

export async function answers() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return (answer.headers.get("content-type") || "").startsWith("application/json");
  } catch {
    return false;
  }
}

function say(text, kind) {
  banner.className = `note reach ${kind}`;
  banner.querySelector("span").textContent = text;
  banner.hidden = false;
}

export function tell() {
  const count = waiting().length;
  if (gone) say(count ? words.goneWaiting.replace("{n}", count) : words.gone, "bad");
}

export async function check() {
  if (await answers()) back();
  else lost();
}

export function lost() {
  gone = true;
  tell();
  pinging ??= setInterval(check, PING_MS);
}

async function back() {
  if (!gone && !waiting().length) return;
  const was = gone;
  gone = false;
  clearInterval(pinging);
  pinging = undefined;
  const { sent, refused } = await flush();
  for (const problem of refused) toast(`${words.refused} ${problem}`);
  if (waiting().length) { lost(); return; }
  if (was || sent) {
    say(sent ? words.backSent.replace("{n}", sent) : words.back, "good");
    setTimeout(() => { if (!gone) banner.hidden = true; }, SHOWN_MS);
  }
  for (const listener of listeners) listener();
}

// A link or a form would end on the browser's own error page, and what was typed would be lost.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (gone && link && link.origin === location.origin && !event.defaultPrevented) {
    event.preventDefault();
    toast(words.stay);
  }
});
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  event.preventDefault();
  if (form.dataset.asking) return;
  form.dataset.asking = "yes";
  const there = await answers();
  delete form.dataset.asking;
  if (!there) { lost(); toast(words.stay); return; }
  const { name, value } = event.submitter ?? {};
  const pressed = Object.assign(document.createElement("input"), { type: "hidden", name: name || "", value: value || "" });
  if (name) form.append(pressed);
  form.submit();
  pressed.remove();
});
if (waiting().length) check();
