// The sound of an alert: two tones, which each browser can switch off.

const KEY = "reid-sound";
const TONES = [[660, 0], [880, 0.18]]; // hertz, seconds
let context;

export const isOn = () => localStorage.getItem(KEY) !== "off";

export function chime() {
  if (!isOn()) return;
  try {
    context ??= new AudioContext();
    context.resume();
    for (const [pitch, after] of TONES) tone(pitch, context.currentTime + after);
  } catch { /* a browser without sound: the card is there all the same */ }
}

function tone(pitch, at) {
  const wave = context.createOscillator();
  const volume = context.createGain();
  wave.frequency.value = pitch;
  volume.gain.setValueAtTime(0.25, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
  wave.connect(volume).connect(context.destination);
  wave.start(at);
  wave.stop(at + 0.4);
}

const button = document.getElementById("sound");

function show() {
  button.setAttribute("aria-pressed", String(isOn()));
  button.querySelector(".sound-state").textContent = isOn() ? button.dataset.on : button.dataset.off;
}

if (button) {
  show();
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, isOn() ? "off" : "on");
    show();
    chime();
  });
}
