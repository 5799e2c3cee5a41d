// Alerts as they are raised, on every page of somebody who is signed in.

import { toast } from "./post.js";

if (document.body.dataset.user) {
  const events = new EventSource("/events");
  events.addEventListener("alert", (event) => {
    const alert = JSON.parse(event.data);
    toast(`C-${alert.case} · ${alert.camera} · ${alert.clock} · ${alert.percent} %${alert.again && ` · ${alert.again}`}`, `/case/${alert.case}`);
  });
  addEventListener("pagehide", () => events.close());
}

const language = document.getElementById("language-code");
language?.addEventListener("change", () => language.form.requestSubmit());
