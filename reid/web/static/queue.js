// Decisions, kept in this browser until the server has them: ids only, no pictures, no words.
// Each carries a key by which the server knows it again, so that none is carried out twice.

import { post, Unreachable } from "./post.js";

const KEY = "reid-decisions";
const KEPT_MS = 24 * 3600 * 1000;
const AGAIN = new Set([429, 500, 503]);
const MOST_TRIES = 5;
const me = document.body.dataset.user;
const sending = new Set();

function all() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
    return Array.isArray(kept) ? kept.filter((one) => Date.now() - one.made < KEPT_MS) : [];
  } catch {
    return [];
  }
}

function keep(items) {
  if (items.length) localStorage.setItem(KEY, JSON.stringify(items));
  else localStorage.removeItem(KEY);
}

const drop = (key) => keep(all().filter((one) => one.key !== key));

export const waiting = () => all().filter((one) => one.user === me);

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

async function send(item, more) {
  const { key, sighting, verdict } = item;
  sending.add(key);
  try {
    const answer = await post(`/case/${item.case}/decide`, { key, sighting, verdict, ...more });
    drop(key);
    return answer;
  } catch (error) {
    if (error.status && !AGAIN.has(error.status)) drop(key);
    throw error;
  } finally {
    sending.delete(key);
  }
}

// Returns the server's answer, or null where the decision waits.
export async function decide(caseId, sighting, verdict, more) {
  const item = { key: newKey(), user: me, case: Number(caseId), sighting, verdict, made: Date.now() };
  const before = waiting().some((one) => !sending.has(one.key));
  keep([...all(), item]);
  if (before) return null; // those before go first
  try {
    return await send(item, more);
  } catch (error) {
    if (error instanceof Unreachable || AGAIN.has(error.status)) return null;
    throw error;
  }
}

// Sends what waits, in order; returns how many went and what was refused.
export async function flush() {
  const done = { sent: 0, refused: [] };
  for (const item of waiting().filter((one) => !sending.has(one.key))) {
    try {
      await send(item, { brief: "yes", age: Math.max(0, Date.now() - item.made) / 1000 });
      done.sent += 1;
    } catch (error) {
      if (!error.status) break; // nobody there, or signed out: it waits on
      if (AGAIN.has(error.status) && (item.tries || 0) < MOST_TRIES) {
        keep(all().map((one) => (one.key === item.key ? { ...one, tries: (one.tries || 0) + 1 } : one)));
        break;
      }
      drop(item.key);
      done.refused.push(error.message);
    }
  }
  return done;
}
