// What every page does: the language's menu, and for staff who see cases what happens meanwhile.

import "./reach.js";
import "./live.js";

const language = document.getElementById("language-code");
if (language) language.form.querySelector("button").hidden = true; // choosing is enough
language?.addEventListener("change", () => language.form.requestSubmit());
