// Live updates and zoom. Without this script every page works, but for these two.
"use strict";

const body = document.body;
const news = document.getElementById("news");

// ---- updates: the page is asked for again, and the parts marked data-live are put in place of the old ones

let asked = 0, running = false, timer = 0;

async function refresh(message) {
  if (running) { asked += 1; return; }
  running = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"), message);
  } catch { /* away for now: the next message, or the stream's return, asks again */ }
  running = false;
  if (asked) { asked = 0; refresh(message); }
}

function replace(fresh, message) {
  let changed = false;
  for (const old of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(old.id);
    if (!now || now.innerHTML === old.dataset.was || (!old.dataset.was && now.innerHTML === original.get(old.id))) continue;
    const boxes = [...old.querySelectorAll("svg[data-box]")].map((svg) => [svg.id, svg.getAttribute("viewBox")]);
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const at = focus && (focus.id || focus.getAttribute("href") || focus.getAttribute("xlink:href"));
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    const scrolled = old.scrollLeft;
    old.dataset.was = now.innerHTML;
    old.replaceChildren(...now.childNodes);
    for (const [id, box] of boxes) document.getElementById(id)?.setAttribute("viewBox", box);
    old.querySelectorAll("details").forEach((details, i) => { details.open = open[i] ?? false; });
    old.scrollLeft = scrolled;
    if (at) [...old.querySelectorAll("[id],[href]")].find((n) => n.id === at || n.getAttribute("href") === at)?.focus();
    old.classList.remove("fresh");
    void old.offsetWidth;
    old.classList.add("fresh");
    changed = true;
  }
  if (changed && message) tell(message);
}

function tell(text) {
  news.textContent = text;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { news.textContent = ""; }, 6000);
}

const original = new Map();
for (const part of document.querySelectorAll("[data-live]")) original.set(part.id, part.innerHTML);

function soon(message) {
  clearTimeout(timer);
  timer = setTimeout(() => refresh(message), 300);
}

const live = document.getElementById("live");
if (body.dataset.stream) {
  const stream = new EventSource(body.dataset.stream);
  const said = (what) => (event) => soon(`${what} at ${new Date().toISOString().slice(11, 19)} UTC.`);
  stream.addEventListener("candidate", said("Candidates updated"));
  stream.addEventListener("event", said("Event updated"));
  stream.addEventListener("association", said("Associations updated"));
  stream.addEventListener("group", said("Groups updated"));
  stream.addEventListener("gap", said("Updated"));
  let lost = false;
  stream.onopen = () => { live.textContent = "This page updates itself with what is published."; if (lost) soon(""); lost = false; };
  stream.onerror = () => { lost = true; live.textContent = "Updates are interrupted; trying again."; };
  addEventListener("pagehide", () => stream.close());
} else if (body.dataset.refresh) {
  live.textContent = "This page updates itself.";
  setInterval(() => { if (!document.hidden) refresh(""); }, 1000 * body.dataset.refresh);
}

// ---- on a narrow screen the choices of the search are folded away, so that what was found comes first

if (matchMedia("(max-width: 48rem)").matches) {
  for (const choices of document.querySelectorAll("details.filters")) choices.open = false;
}

// ---- zoom: the view box of a picture gets smaller, moves, comes back

function box(svg) { return svg.getAttribute("viewBox").split(" ").map(Number); }
function all(svg) { return svg.dataset.box.split(" ").map(Number); }

function show(svg, x, y, w) {
  const [ax, ay, aw, ah] = all(svg);
  w = Math.min(aw, Math.max(aw / 64, w));
  const h = (w * ah) / aw;
  x = Math.min(ax + aw - w, Math.max(ax, x));
  y = Math.min(ay + ah - h, Math.max(ay, y));
  svg.setAttribute("viewBox", [x, y, w, h].map((n) => +n.toFixed(3)).join(" "));
  for (const mark of svg.querySelectorAll("circle")) {
    mark.dataset.r ??= mark.getAttribute("r");
    mark.setAttribute("r", (mark.dataset.r * Math.sqrt(w / aw)).toFixed(2));
  }
}

function zoom(svg, factor, cx = 0.5, cy = 0.5) {
  const [x, y, w, h] = box(svg);
  const [, , aw] = all(svg);
  const now = Math.min(aw, Math.max(aw / 64, w * factor));
  show(svg, x + (w - now) * cx, y + (h - (h * now) / w) * cy, now);
}

const KEYS = {
  "+": (s) => zoom(s, 0.5), "=": (s) => zoom(s, 0.5), "-": (s) => zoom(s, 2), "0": (s) => show(s, ...all(s).slice(0, 3)),
  ArrowLeft: (s) => move(s, -1, 0), ArrowRight: (s) => move(s, 1, 0), ArrowUp: (s) => move(s, 0, -1), ArrowDown: (s) => move(s, 0, 1),
};

function move(svg, dx, dy) {
  const [x, y, w, h] = box(svg);
  show(svg, x + (dx * w) / 5, y + (dy * h) / 5, w);
}

function isWhole(svg) { return box(svg)[2] >= all(svg)[2]; }

document.addEventListener("keydown", (event) => {
  const svg = event.target.closest?.("svg[data-box]");
  if (!svg || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  if (event.key.startsWith("Arrow") && isWhole(svg)) return;
  KEYS[event.key](svg);
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-zoom]");
  if (!button) return;
  const svg = button.closest("figure").querySelector("svg[data-box]");
  ({ in: KEYS["+"], out: KEYS["-"], all: KEYS["0"] })[button.dataset.zoom](svg);
});

document.addEventListener("wheel", (event) => {
  const svg = event.target.closest?.("svg[data-box]");
  if (!svg || !event.ctrlKey) return;
  const place = svg.getBoundingClientRect();
  zoom(svg, event.deltaY > 0 ? 1.25 : 0.8, (event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height);
  event.preventDefault();
}, { passive: false });

let held = null;
document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest?.("svg[data-box]");
  if (svg && event.button === 0 && !isWhole(svg)) held = { svg, x: event.clientX, y: event.clientY, box: box(svg) };
});
document.addEventListener("pointermove", (event) => {
  if (!held) return;
  const scale = held.box[2] / held.svg.getBoundingClientRect().width;
  show(held.svg, held.box[0] - (event.clientX - held.x) * scale, held.box[1] - (event.clientY - held.y) * scale, held.box[2]);
});
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { held = null; });
