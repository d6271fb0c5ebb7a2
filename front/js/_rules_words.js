// What can be written at a place of a ruleset, by its JSON Schema and the names that the text gives. The place is told from the
// layout: how far to the right the lines above stand, and which braces are open, on this line or since one above.

let schema = null;
export const names = { states: [], intents: [], prompts: [], rulesets: [] };

export async function loadSchema() {
  schema = await (await fetch("/rules/schema.json")).json();
}

// The keys that lead to a position, outermost first ("[]" for an item of a list), and the key whose value is being written, if one
// is; "[]" where that is an item.
export function place(doc, pos) {
  const open = flow(doc.sliceString(0, pos));
  const line = doc.lineAt(open ? open.at : pos);
  const { path, own } = layout(doc, line, open ? line.text : line.text.slice(0, pos - line.from));
  if (!open) return { path: own ? [...path, own] : path, value: own };
  const inside = [];
  for (const { list, key } of open.frames) inside.push(...(list ? ["[]"] : []), ...(key ? [key] : []));
  const last = open.frames.at(-1);
  return { path: [...path, ...(own ? [own] : []), ...inside], value: last.key || (last.list ? "[]" : null) };
}

// By how far to the right the lines above stand: the keys above this line, and the one that stands in it with its value begun.
function layout(doc, line, before) {
  const head = before.match(/^(\s*)((?:- )*)(?:"?([\w-]+)"?:(?=\s|$))?/);
  const own = head[3] && /^\s*(?:- )*"?[\w-]+"?:\s/.test(before) ? head[3] : null;
  const path = [];
  if (head[2]) path.unshift("[]");
  let limit = head[1].length;
  for (let number = line.number - 1; number > 0 && (limit > 0 || path[0] === "[]"); number--) {
    const above = doc.line(number).text;
    if (!above.trim() || above.trim().startsWith("#")) continue;
    const found = above.match(/^(\s*)(- )?(?:"?([\w-]+)"?:)?/);
    const at = found[1].length + (found[2] ? 2 : 0);
    const holds = at < limit || (at === limit && !found[2] && path[0] === "[]"); // a list may stand straight below its key
    if (found[2] && found[1].length < limit) {
      if (at < limit && found[3]) path.unshift(found[3]);
      path.unshift("[]");
      limit = found[1].length;
    } else if (!found[2] && holds && found[3]) {
      path.unshift(found[3]);
      limit = at;
      if (!limit) break;
    }
  }
  return { path, own };
}

// The braces and brackets that are open at the end of the text: where the outermost stands, and for each whether it is a list and
// which key its value is being written for. null where none is open. Quotes, remarks and brackets within words are none.
function flow(text) {
  let frames = [];
  let at = 0;
  let word = "";
  for (let place = 0; place < text.length; place++) {
    const letter = text[place];
    const frame = frames.at(-1);
    if ((letter === '"' || letter === "'") && begins(text, place)) {
      const end = closing(text, place);
      if (end < 0) return frames.length ? { at, frames } : null;
      word += text.slice(place + 1, end);
      place = end;
    } else if (letter === "#" && /\s|^$/.test(text[place - 1] ?? "")) {
      while (place + 1 < text.length && text[place + 1] !== "\n") place++;
    } else if ((letter === "{" || letter === "[") && (frame || begins(text, place))) {
      if (!frame) at = place;
      frames.push({ list: letter === "[", key: null });
      word = "";
    } else if (frame && (letter === "}" || letter === "]")) {
      frames.pop();
      word = "";
    } else if (frame && letter === ":" && !frame.list && /[\s{["']|^$/.test(text[place + 1] ?? "")) {
      frame.key = word.trim();
      word = "";
    } else if (frame && letter === ",") {
      frame.key = null;
      word = "";
    } else {
      word += letter;
    }
  }
  return frames.length ? { at, frames } : null;
}

// Whether a value begins here.
function begins(text, place) {
  return /(?:^|[\n:,[{-])\s*$/.test(text.slice(Math.max(0, place - 80), place));
}

function closing(text, from) {
  for (let place = from + 1; place < text.length; place++) {
    if (text[place] === "\\" && text[from] === '"') place++;
    else if (text[place] === text[from]) return place;
  }
  return -1;
}

// The part of the schema for these keys.
export function at(path) {
  let parts = schema ? [schema] : [];
  for (const key of path) parts = parts.flatMap(alternatives).flatMap((each) => below(each, key));
  return parts.flatMap(alternatives);
}

function alternatives(part) {
  return part.anyOf ? part.anyOf.map((each) => ({ description: part.description, ...each })) : [part];
}

function below(part, key) {
  if (key === "[]") return part.items ? [part.items] : [];
  if (part.properties && part.properties[key]) return [part.properties[key]];
  for (const [pattern, known] of Object.entries(part.patternProperties || {})) if (new RegExp(pattern).test(key)) return [known];
  return part.additionalProperties && typeof part.additionalProperties === "object" ? [part.additionalProperties] : [];
}

const NAMED = {
  go: "states", like: "states", only_if: "states", ends: "states", state: "states", urgent: "states", deceased: "states",
  wrong_number: "states", stop: "states", start: "states", appointment_changed: "states", appointment_cancelled: "states",
  after_close: "states", hand_back: "states", say: "prompts", ask: "prompts", bot: "prompts", line: "prompts", named: "prompts",
  is: "intents",
};

export function complete(context) {
  const word = context.matchBefore(/[\w-]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const { path, value } = place(context.state.doc, word.from);
  const here = at(path);
  if (value) {
    const given = here.flatMap((each) => (each.enum || []).map((label) => ({ label: String(label), type: "enum" })));
    const kind = path.length === 1 ? { like: "rulesets" }[value] : NAMED[value] || (leads(path) ? "states" : null);
    const named = kind ? names[kind].map((label) => ({ label, type: "variable" })) : [];
    return given.length + named.length ? { from: word.from, options: [...named, ...given] } : null;
  }
  const options = here.flatMap((each) => Object.entries(each.properties || {}).map(([label, known]) => ({
    label, type: "property", info: known.description, apply: `${label}: `,
  })));
  if (of_intents(path)) options.push(...names.intents.map((label) => ({ label, type: "variable", apply: `${label}: ` })));
  return options.length ? { from: word.from, options } : null;
}

const leads = (path) => path.at(-2) === "replies" || path[0] === "always" || path[0] === "staff";
const of_intents = (path) => path.at(-1) === "replies" || (path[0] === "translations" && path.length === 3 && path[2] !== "prompts");

// What the key at this position does.
export function about(doc, pos) {
  const line = doc.lineAt(pos);
  for (const found of line.text.matchAll(/([\w-]+):/g)) {
    const start = line.from + found.index;
    if (pos < start || pos > start + found[1].length) continue;
    const { path } = place(doc, start);
    const known = at([...path, found[1]]);
    const text = known.map((each) => each.description).find(Boolean);
    return text ? { start, end: start + found[1].length, key: found[1], text } : null;
  }
  return null;
}
