// One key for each act. A control says its own with data-key; data-opens="ID" opens and enters what has that id; rows that can be
// gone through have data-row and in them a link with data-open.
const OFF = "freagra.keys-off";
const BUSY = "input, textarea, select, [contenteditable]";
const SETTLE_DOWN = 900; // milliseconds after a change came by itself in which no act is done: it may be another one now

let changed = -SETTLE_DOWN;
let seq = "";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return sends(event);
  const { target, key } = event;
  if (key === "Escape") return leave(target);
  if (document.querySelector("dialog[open]") || localStorage.getItem(OFF)) return;
  if (target.closest(BUSY)) return;
  if (does(key, target)) event.preventDefault();
});

function does(key, target) {
  if (key === "?") return help();
  if (key === "j" || key === "ArrowDown") { if (step(1)) return true; }
  if (key === "k" || key === "ArrowUp") { if (step(-1)) return true; }
  if (key === "Enter") return target.closest("a, button, summary") ? false : open();
  const row = document.activeElement.closest("[data-row]") || document.querySelector("[data-row]");
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const control = visible(row?.querySelectorAll(wanted)) || visible(document.querySelectorAll(`:not([data-row] *)${wanted}`));
  if (!control) return false;
  if (performance.now() - changed < SETTLE_DOWN && control.closest("#talk-work")) return true;
  act(control);
  return true;
}

function visible(controls) {
  return [...(controls || [])].find((each) => each.checkVisibility());
}

function act(control) {
  if (control.matches(BUSY)) return control.focus();
  if (control.matches("summary")) return enter(control.parentElement);
  control.click();
}

function enter(box) {
  if (!box) return;
  box.open = true;
  const field = box.querySelector("textarea, input:not([type=hidden]), select") || box.querySelector("button");
  box.scrollIntoView({ block: "nearest" });
  field?.focus();
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-open]")];
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement.closest("[data-row]")?.querySelector("[data-open]"));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  next.focus();
  next.closest("[data-row]").scrollIntoView({ block: "nearest" });
  return true;
}

function open() {
  const first = document.querySelector("[data-open]");
  first?.click();
  return Boolean(first);
}

function help() {
  document.getElementById("keys")?.showModal();
  return true;
}

function leave(target) {
  const box = target.closest("details[open]");
  if (box) { box.open = false; box.querySelector("summary").focus(); } else if (target.closest(BUSY)) target.blur();
}

function sends(event) {
  const field = event.target.closest("[data-sends]");
  if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form.requestSubmit();
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-help]")) help();
  const opener = target.closest("[data-opens]");
  if (opener) enter(document.getElementById(opener.dataset.opens));
  const insert = target.closest("[data-insert]");
  if (insert) {
    const field = document.getElementById(insert.dataset.into);
    field.value = [field.value.trim(), insert.dataset.insert].filter(Boolean).join(" ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submits]")) target.form.requestSubmit();
  if (target.matches("[data-keys-off]")) {
    if (target.checked) localStorage.setItem(OFF, "1");
    else localStorage.removeItem(OFF);
  }
});

// A form that was sent is not sent again by a second press.
document.addEventListener("submit", (event) => {
  const { target } = event;
  if (target.method !== "post" || target.hasAttribute("hx-post")) return;
  if (target.dataset.sent) return event.preventDefault();
  target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((each) => delete each.dataset.sent));

// ---- what comes by itself ----

let opened = [];

document.addEventListener("htmx:beforeSwap", () => {
  opened = [...document.querySelectorAll("details[open][id]")].map((each) => each.id);
});

document.addEventListener("htmx:afterSettle", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  const now = document.getElementById("talk-head")?.dataset.seq || "";
  if (now !== seq) {
    seq = now;
    changed = performance.now();
    for (const each of document.querySelectorAll("[data-seen]")) each.value = now;
    stick();
  }
});

// The talk shows its latest.
function stick() {
  for (const each of document.querySelectorAll("[data-stick]")) each.scrollTop = each.scrollHeight;
}

document.addEventListener("DOMContentLoaded", ready);
if (document.readyState !== "loading") ready();

function ready() {
  seq = document.getElementById("talk-head")?.dataset.seq || "";
  const off = document.querySelector("[data-keys-off]");
  if (off) off.checked = Boolean(localStorage.getItem(OFF));
  stick();
}
