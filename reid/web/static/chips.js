// The fields of a description: removable, and each sure, thought or unknown.

const NEXT = { sure: "unsure", unsure: "unknown", unknown: "sure" };

export const nextCertainty = (certainty) => NEXT[certainty] || "sure";

export function plain(entry) {
  const { slot, value, certainty, negated, group, modifier, source } = entry;
  return { slot, value, certainty, negated, group, modifier, ...(source ? { source } : {}) };
}

export function drawChips(list, slots, words, changed, isChanged = () => false) {
  list.replaceChildren(...slots.map((entry, index) => {
    const chip = document.createElement("li");
    chip.className = `chip ${entry.certainty}`;
    if (entry.slot.endsWith("colour")) {
      const dot = document.createElement("span");
      dot.className = `dot c-${entry.value}`;
      dot.setAttribute("aria-hidden", "true");
      chip.append(dot);
    }
    if (entry.source === "photo") {
      if (isChanged(entry)) chip.classList.add("withheld");
      const mark = document.createElement("span");
      mark.className = "of-photo";
      mark.textContent = words.photo;
      chip.prepend(mark);
    }
    const text = document.createElement("span");
    text.className = "chip-text";
    text.textContent = entry.text;
    const certainty = document.createElement("button");
    certainty.type = "button";
    certainty.className = "certainty";
    certainty.textContent = words[entry.certainty];
    certainty.setAttribute("aria-label", `${entry.text}: ${words[entry.certainty]}`);
    certainty.addEventListener("click", () => {
      entry.certainty = nextCertainty(entry.certainty);
      changed(index);
    });
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "remove";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${words.remove}: ${entry.text}`);
    remove.addEventListener("click", () => { slots.splice(index, 1); changed(-1); });
    chip.append(text, certainty, remove);
    return chip;
  }));
}
