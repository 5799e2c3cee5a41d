// Sends forms the way the server expects them: same origin, with the page's token.

export const token = () => document.body.dataset.csrf;

export async function post(address, values) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) body.append(name, one);
  }
  const answer = await fetch(address, {
    method: "POST",
    headers: { "x-csrf-token": token(), "x-part": "1", accept: "application/json" },
    body,
  });
  if (answer.status === 401) { location.assign("/login"); throw new Error("signed out"); }
  const data = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || "");
  return data;
}

export function toast(text, link) {
  const line = document.createElement(link ? "a" : "p");
  line.className = link ? "toast alert" : "toast";
  line.textContent = text;
  if (link) line.href = link;
  document.getElementById("toasts").append(line);
  setTimeout(() => line.remove(), link ? 60000 : 4000);
}
