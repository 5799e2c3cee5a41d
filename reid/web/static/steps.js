// Printing, and copying the radio text.

document.getElementById("print")?.addEventListener("click", () => print());

const copy = document.getElementById("copy");
copy?.addEventListener("click", async () => {
  const text = document.getElementById("radio");
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
  }
  copy.textContent = copy.dataset.done;
});
