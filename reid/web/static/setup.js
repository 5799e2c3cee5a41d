// The first run: guesses the time zone, and tells at once that two passwords differ.

const zone = document.getElementById("timezone");
if (zone && !("known" in zone.dataset)) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...zone.options].some((option) => option.value === here)) zone.value = here;
}

const password = document.getElementById("password");
const again = document.getElementById("again");
const compare = () => again.setCustomValidity(again.value === password.value ? "" : again.dataset.differ);
password?.addEventListener("input", compare);
again?.addEventListener("input", compare);

// another language keeps nothing that was typed: ask before it is lost
let typed = false;
document.getElementById("setup")?.addEventListener("input", () => { typed = true; });
document.getElementById("setup")?.addEventListener("submit", () => { typed = false; });
addEventListener("beforeunload", (leaving) => { if (typed) leaving.preventDefault(); });
