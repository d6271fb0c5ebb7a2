// Keeps the page up to date and sends what the visitor does, without loading it anew. The page works without this, too.
"use strict";

const main = document.querySelector("main");
const notice = document.getElementById("notice");
const names = new Intl.DateTimeFormat("en-IE", {
  timeZone: "Europe/Dublin", weekday: "long", day: "numeric", month: "long",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
let live = null;
let shift = 0; // milliseconds that the demonstration's clock is ahead of this machine's

document.documentElement.classList.add("scripted");

// ---- putting new parts in place of old ones, keeping focus, fields, open details and scrolling ----

function fit(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== 1 || fresh.nodeType !== 1 || old.tagName !== fresh.tagName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  const changed = old.dataset.state !== undefined && old.dataset.state !== fresh.dataset.state;
  fitAttributes(old, fresh);
  fitChildren(old, fresh);
  if (!changed) return;
  flash(old);
  if (old.classList.contains("chosen")) old.scrollIntoView({ block: "nearest" }); // it may have moved to another day
}

function fitAttributes(old, fresh) {
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    const theirs = name === "open" && old.tagName === "DETAILS"; // the visitor opened it
    if (!fresh.hasAttribute(name) && !theirs) old.removeAttribute(name);
  }
}

function fitChildren(old, fresh) {
  const known = new Map();
  for (const child of old.children) if (child.id) known.set(child.id, child);
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const kept = child.id ? known.get(child.id) : place && !place.id && place.nodeName === child.nodeName ? place : null;
    if (!kept) {
      old.insertBefore(child, place);
      continue;
    }
    if (kept === place) place = place.nextSibling;
    else old.insertBefore(kept, place);
    fit(kept, child);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function flash(element) {
  element.classList.remove("flash");
  void element.offsetWidth; // so that the animation starts anew
  element.classList.add("flash");
}

function put(name, html) {
  const holder = document.createElement("template");
  holder.innerHTML = html; // escaped by the server
  const fresh = holder.content.firstElementChild;
  const old = document.getElementById(name);
  if (old && fresh) fit(old, fresh);
  for (const list of document.querySelectorAll("[data-stick=end]")) {
    if (!leftEnd.has(list)) list.scrollTop = list.scrollHeight;
  }
  if (name === "top") setClock();
  if (name === "phone") chooseInList();
}

function chooseInList() {
  const list = document.getElementById("who");
  if (document.activeElement !== list) list.value = list.dataset.chosen;
}

// Lists that show their end go on showing it, unless the visitor has scrolled back in them.
const leftEnd = new WeakSet();

document.addEventListener("scroll", ({ target }) => {
  if (!target.dataset || target.dataset.stick !== "end") return;
  if (target.scrollHeight - target.scrollTop - target.clientHeight < 40) leftEnd.delete(target);
  else leftEnd.add(target);
}, true);

function toEnds() {
  for (const list of document.querySelectorAll("[data-stick=end]")) {
    leftEnd.delete(list);
    list.scrollTop = list.scrollHeight;
  }
}

// ---- the clock ----

function setClock() {
  shift = Date.parse(document.getElementById("clock").dateTime) - Date.now();
  tick();
}

function tick() {
  const parts = Object.fromEntries(names.formatToParts(Date.now() + shift).map(({ type, value }) => [type, value]));
  const text = `${parts.weekday} ${parts.day} ${parts.month}, ${parts.hour}:${parts.minute}:${parts.second}`;
  const clock = document.getElementById("clock");
  if (clock.textContent !== text) clock.textContent = text;
}

// ---- what comes in ----

function listen(appointment) {
  if (live) live.close();
  const query = appointment ? `?appointment=${encodeURIComponent(appointment)}` : "";
  live = new EventSource(document.body.dataset.live + query);
  let first = true;
  live.addEventListener("pane", (event) => {
    const { name, html } = JSON.parse(event.data);
    put(name, html);
    if (first && name === "talk") {
      first = false;
      toEnds();
      for (const row of document.querySelectorAll("tr.more, tr.chosen")) row.scrollIntoView({ block: "nearest" });
    }
  });
  live.addEventListener("open", () => say(""));
  live.addEventListener("error", () => say("The demonstration does not answer. Is it still running?"));
}

function choose(appointment, push = true) {
  if (push) history.pushState(null, "", `/demo?appointment=${encodeURIComponent(appointment)}`);
  listen(appointment);
}

function say(text) {
  if (notice.textContent !== text) notice.textContent = text;
}

// ---- what the visitor does ----

document.addEventListener("click", (event) => {
  const pick = event.target.closest("[data-pick]");
  const row = event.target.closest("tr[id^=row-]");
  const link = pick || (row && !event.target.closest("button, input, a") ? row.querySelector("[data-pick]") : null);
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    choose(link.dataset.pick);
  }
  const tab = event.target.closest("[data-tab]");
  if (tab) show(tab.dataset.tab);
});

document.addEventListener("change", (event) => {
  if (event.target.id === "who") choose(event.target.value);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.method !== "post") {
    choose(new FormData(form).get("appointment"));
    return;
  }
  if (event.submitter && event.submitter.getAttribute("aria-disabled") === "true") return;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const typed = form.querySelector("input[name=text]:not([type=hidden])");
  say("");
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "x-freagra-page": "1" } });
    if (!answer.ok) say(await answer.text());
    else if (typed) typed.value = "";
  } catch {
    say("The demonstration does not answer. Is it still running?");
  }
});

window.addEventListener("popstate", () => choose(new URLSearchParams(location.search).get("appointment") || "", false));

// ---- one part at a time where the page is narrow ----

function show(name) {
  main.dataset.shown = name;
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.tab === name));
  }
  toEnds();
}

show("phone");
setClock();
setInterval(tick, 250);
listen(new URLSearchParams(location.search).get("appointment") || "");
