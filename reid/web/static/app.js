// What every page does: the language's menu, and for staff who see cases what happens meanwhile.

import "./reach.js";
import "./live.js";

const language = document.getElementById("language-code");
language?.addEventListener("change", () => language.form.requestSubmit());
