// Minutes since a case was opened; the police prompt appears when it is time.

function tick() {
  for (const timer of document.querySelectorAll(".timer[data-since]")) {
    const minutes = Math.floor((Date.now() - Number(timer.dataset.since)) / 60000);
    timer.textContent = minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  }
  const police = document.querySelector(".police[data-since]");
  if (police) {
    const minutes = (Date.now() - Number(police.dataset.since)) / 60000;
    const due = minutes >= Number(police.dataset.after);
    if (due) police.hidden = false;
    document.querySelector(".case-bar .timer")?.classList.toggle("late", due);
  }
}

tick();
setInterval(tick, 5000);
