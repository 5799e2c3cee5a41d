// Sends forms the way the server expects them: same origin, with the page's token.

export const token = () => document.body.dataset.csrf;
export const words = document.getElementById("app-words")?.dataset ?? {};

// Nobody answers, or only a proxy that finds nobody behind it.
export class Unreachable extends Error {}

const NOBODY = new Set([502, 504]);

export async function post(address, values) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) body.append(name, one);
  }
  const headers = { "x-csrf-token": token(), "x-part": "1", accept: "application/json" };
  let answer;
  try {
    answer = await fetch(address, { method: "POST", headers, body });
  } catch {
    throw new Unreachable(words.unreachable);
  }
  if (NOBODY.has(answer.status)) throw new Unreachable(words.unreachable);
  if (answer.status === 401) { location.assign("/login"); throw new Error(words.signedOut); }
  const data = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(data.error || words.failed), { status: answer.status });
  return data;
}

export function toast(text) {
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = text;
  document.getElementById("toasts").append(line);
  setTimeout(() => line.remove(), 4000);
}
