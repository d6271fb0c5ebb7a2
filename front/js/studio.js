// The rule studio: the editor with every problem at its line, and beside it what the text does.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { draw } from "./_diagram.js";
import { about, complete, loadSchema, names } from "./_rules_words.js";

const studio = document.getElementById("studio");
const { name, nonce, may } = studio.dataset;
const pane = document.getElementById("pane");
const list = document.getElementById("problems");
const head = document.getElementById("problems-head");
const csrf = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"];
const PAUSE = 350; // milliseconds without a key before the text is checked

let edition = Number(studio.dataset.edition);
let saved = document.getElementById("source").value;
let part = "phone";
let steps = [];
let chosen = {};
let asked = 0;

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "#0b5a55", fontWeight: "600" },
  { tag: tags.definition(tags.propertyName), color: "#0b5a55", fontWeight: "600" },
  { tag: tags.string, color: "#7c2855" },
  { tag: tags.comment, color: "#4c6272", fontStyle: "italic" },
  { tag: [tags.separator, tags.squareBracket, tags.brace, tags.punctuation], color: "#4c6272" },
]);

const view = new EditorView({
  parent: document.getElementById("editor"),
  state: EditorState.create({
    doc: saved,
    extensions: [
      EditorView.cspNonce.of(nonce),
      EditorState.readOnly.of(may !== "yes"),
      EditorView.contentAttributes.of({ "aria-label": "The rules as text", spellcheck: "false", tabindex: "0" }),
      lineNumbers(), history(), drawSelection(), highlightActiveLine(), highlightSelectionMatches(), lintGutter(),
      yaml(), indentUnit.of("  "), syntaxHighlighting(colours), EditorView.lineWrapping,
      autocompletion({ override: [complete] }),
      hoverTooltip((editor, pos) => {
        const found = about(editor.state.doc, pos);
        return found && { pos: found.start, end: found.end, create: () => ({ dom: tip(found) }) };
      }),
      keymap.of([
        { key: "Mod-s", preventDefault: true, run: () => { save(); return true; } },
        ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...searchKeymap,
      ]),
      EditorView.updateListener.of((update) => { if (update.docChanged) changed(); }),
    ],
  }),
});
// Tab leaves the editor, as everywhere else on the page, for whoever has no mouse.

function tip({ key, text }) {
  const dom = document.createElement("div");
  dom.className = "studio__tip";
  const bold = document.createElement("b");
  bold.textContent = key;
  dom.append(bold, ` ${text}`);
  return dom;
}

// ---- asking the server -------------------------------------------------------------------------------------------------

async function ask(what, fields = {}) {
  const form = new URLSearchParams({ source: text(), ...fields.once });
  for (const [key, values] of Object.entries(fields.many || {})) values.forEach((value) => form.append(key, value));
  const answer = await fetch(`/rules/${name}/${what}`, {
    method: "POST", body: form, headers: { "X-CSRF-Token": csrf, "HX-Request": "true" },
  });
  if (answer.ok) return answer;
  if (answer.status === 401) location.reload();
  throw new Error((await answer.text()) || "That did not work.");
}

const text = () => view.state.doc.toString();

function say(words) {
  const alert = document.getElementById("says");
  alert.textContent = words;
  alert.hidden = !words;
}

// ---- problems ----------------------------------------------------------------------------------------------------------

let timer = 0;

function changed() {
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE);
  told();
}

async function check() {
  const number = ++asked;
  const at = view.state.doc;
  try {
    const found = await (await ask("check")).json();
    if (number !== asked || at !== view.state.doc) return; // typed on meanwhile: the next answer counts
    // A text that is not YAML just now, half a line in braces, gives no names: those it had are good for completing it.
    for (const [block, given] of Object.entries(found.names)) if (given.length) names[block] = given;
    show(found.problems);
    studio.dataset.checked = String(number);
  } catch (fault) {
    say(fault.message);
  }
  show_part();
}

// Lines and columns count characters; the editor counts UTF-16 units.
function offset(line, column) {
  const doc = view.state.doc;
  if (line > doc.lines) return doc.length;
  const held = doc.line(line);
  return Math.min(held.from + [...held.text].slice(0, column - 1).join("").length, held.to);
}

function show(problems) {
  view.dispatch(setDiagnostics(view.state, problems.map((each) => {
    const [line, column, length] = here(each);
    const from = offset(line, column);
    const to = Math.max(from, offset(line, column + length));
    const actions = may === "yes" ? each.mends.map((mend) => ({ name: mend.title, apply: () => repair(mend.edit) })) : [];
    return { from, to, severity: each.severity, message: [each.message, each.hint].filter(Boolean).join("\n"), actions };
  })));
  const errors = problems.filter((each) => each.severity === "error").length;
  const counts = [[errors, "error"], [problems.length - errors, "warning"]].filter(([number]) => number);
  head.textContent = problems.length ? counts.map(([number, noun]) => `${number} ${noun}${number === 1 ? "" : "s"}`).join(", ") : "No problems";
  head.className = errors ? "problems--bad" : problems.length ? "problems--warn" : "problems--good";
  // Errors first: they keep the draft from being published. What mends one and the next alike is said once.
  const first = [...problems].sort((one, other) => (other.severity === "error") - (one.severity === "error"));
  list.replaceChildren(...first.map((each, at) => problem(each, each.hint !== first[at - 1]?.hint)));
}

// A problem at a place of the shared ruleset is shown where the text names that one.
function here({ elsewhere, line, column, length }) {
  if (!elsewhere) return [line, column, length];
  for (let number = 1; number <= view.state.doc.lines; number++) {
    const { text: words } = view.state.doc.line(number);
    if (words.startsWith("like:")) return [number, 1, words.length];
  }
  return [1, 1, 1];
}

function problem(each, hinted) {
  const item = document.createElement("li");
  item.className = `problem problem--${each.severity}`;
  let go;
  if (each.elsewhere) {
    go = document.createElement("a");
    go.href = `/rules/${each.elsewhere}#line-${each.line}`;
    go.textContent = `${each.elsewhere}, line ${each.line}`;
  } else {
    go = document.createElement("button");
    go.type = "button";
    go.className = "linklike";
    go.textContent = `Line ${each.line}`;
    go.addEventListener("click", () => show_line(each.line, each.column));
  }
  const message = document.createElement("span");
  message.textContent = ` ${each.message} `;
  item.append(go, message);
  for (const mend of may === "yes" ? each.mends : []) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "nhsuk-button nhsuk-button--secondary nhsuk-button--small";
    button.textContent = mend.title;
    button.addEventListener("click", () => repair(mend.edit));
    item.append(button);
  }
  if (each.hint && hinted) {
    const hint = document.createElement("div");
    hint.className = "small quiet";
    hint.textContent = each.hint;
    item.append(hint);
  }
  return item;
}

function repair(edit) {
  const from = offset(edit.line, edit.column);
  const to = offset(edit.end_line, edit.end_column);
  view.dispatch({ changes: { from, to, insert: edit.text.replace(/\r\n/g, "\n") }, selection: { anchor: from + edit.text.length }, scrollIntoView: true });
  view.focus();
}

function show_line(line, column = 1) {
  view.dispatch({ selection: { anchor: offset(line, column) }, effects: EditorView.scrollIntoView(offset(line, column), { y: "center" }) });
  view.focus();
}

// Another text in place of this one, as few letters changed as can be, so that the place and the steps back are kept.
function become(after) {
  const before = text();
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  view.dispatch({ changes: { from: start, to: before.length - end, insert: after.slice(start, after.length - end) } });
}

// ---- saving ------------------------------------------------------------------------------------------------------------

const note = document.getElementById("saved");

function told() {
  if (note && text() !== saved) note.textContent = "Changed, and not saved yet";
}

async function save() {
  if (may !== "yes") return;
  const source = text();
  try {
    edition = (await (await ask("save", { once: { edition } })).json()).edition;
    saved = source;
    note.textContent = "The draft is saved; nothing is in force until it is published";
    say("");
  } catch (fault) {
    say(fault.message);
  }
}

document.getElementById("save")?.addEventListener("click", save);
window.addEventListener("beforeunload", (event) => { if (may === "yes" && text() !== saved) event.preventDefault(); });

// ---- beside the text ---------------------------------------------------------------------------------------------------

const tabs = [...document.querySelectorAll('[role="tab"]')];
for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
}

function choose(tab) {
  part = tab.dataset.part;
  for (const each of tabs) {
    each.setAttribute("aria-selected", String(each === tab));
    each.tabIndex = each === tab ? 0 : -1;
  }
  pane.setAttribute("aria-labelledby", tab.id);
  pane.replaceChildren();
  studio.classList.remove("studio__parts--wide");
  show_part();
}

let shown = "";

async function show_part(force = false) {
  if (part === "form" && !force && pane.contains(document.activeElement) && shown === "form") return; // being filled in
  const wanted = part;
  try {
    const language = chosen[part] ? { language: chosen[part] } : {};
    const answer = await ask(part, { once: language, many: part === "phone" ? { step: steps } : {} });
    if (part !== wanted) return;
    const typed = typing();
    if (part === "diagram") draw(await answer.json(), pane);
    else pane.innerHTML = await answer.text(); // escaped by the server's templates
    typed();
    shown = part;
    after_part();
  } catch (fault) {
    if (part !== wanted) return;
    const words = document.createElement("p");
    words.className = "note note--warn";
    words.textContent = fault.message;
    if (shown !== part || part !== "form") pane.replaceChildren(words);
  }
  pane.dataset.shown = part;
}

// What is being typed beside the text outlives the part that is shown anew; the function puts it back.
function typing() {
  const held = [...pane.querySelectorAll("#phone-text, #talk-name")].map((each) => [each.id, each.value]);
  const focused = pane.contains(document.activeElement) ? document.activeElement.id : "";
  return () => {
    for (const [id, value] of held) if (document.getElementById(id)) document.getElementById(id).value = value;
    if (focused) document.getElementById(focused)?.focus();
  };
}

function after_part() {
  const fault = document.getElementById("phone-fault");
  if (part === "phone") {
    if (fault) steps.pop();
    const talk = pane.querySelector(".phone");
    talk.scrollTop = talk.scrollHeight;
  }
  const filter = pane.querySelector("[data-filter]");
  if (filter && chosen.filter) { filter.value = chosen.filter; only(chosen.filter); }
}

function only(language) {
  chosen.filter = language;
  for (const each of pane.querySelectorAll("[data-language]")) each.hidden = Boolean(each.dataset.language) && each.dataset.language !== language;
}

async function step(words, back = "phone-text") {
  if (words) steps.push(words);
  await show_part();
  document.getElementById(back)?.focus();
}

pane.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches("[data-step]")) {
    const words = form.elements.text.value.trim();
    form.elements.text.value = "";
    await step(words);
  }
  if (form.matches("[data-keep]")) await take("keep-talk", { once: { talk: form.elements.talk.value, ...(chosen.phone ? { language: chosen.phone } : {}) }, many: { step: steps } }, "The talk stands at the end of the text; it is played at every check.");
  if (form.matches("[data-teach]")) {
    const found = await take("teach", { once: Object.fromEntries(new FormData(form)) }, "");
    const lines = found ? (found.changes.length ? found.changes : ["Taught. Nothing else is read differently."]) : [];
    document.getElementById("taught")?.replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  }
});

async function take(what, fields, words) {
  try {
    const found = await (await ask(what, fields)).json();
    become(found.source);
    say("");
    if (words && note) note.textContent = words;
    return found;
  } catch (fault) {
    say(fault.message);
    return null;
  }
}

pane.addEventListener("click", async ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.do) await step(button.dataset.do);
  if ("back" in button.dataset) { steps.pop(); await step(""); }
  if ("anew" in button.dataset) { steps = []; await step(""); }
  if (button.dataset.line) show_line(Number(button.dataset.line));
});

pane.addEventListener("change", async ({ target }) => {
  if (target.matches("[data-filter]")) only(target.value);
  else if (target.closest("[data-refresh]")) {
    chosen[part] = target.value;
    if (part === "phone") steps = [];
    await show_part();
    pane.querySelector("select")?.focus();
  } else if (target.dataset.field) await take("fill", { once: { field: target.dataset.field, value: target.value } }, "");
});

const asked_for = location.hash.match(/^#line-(\d+)$/);
if (asked_for) show_line(Number(asked_for[1]));
loadSchema().catch((fault) => say(fault.message)).then(check);
