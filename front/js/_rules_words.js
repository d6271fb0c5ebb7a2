// What can be written at a place of a ruleset, by its JSON Schema and the names that the text gives. The place is told from the
// layout: how far to the right the lines above stand, and which braces are open on the line.

let schema = null;
export const names = { states: [], intents: [], prompts: [] };

export async function loadSchema() {
  schema = await (await fetch("/rules/schema.json")).json();
}

// The keys that lead to a position, outermost first, and the key whose value is being written, if one is.
export function place(doc, pos) {
  const line = doc.lineAt(pos);
  const before = line.text.slice(0, pos - line.from);
  const flow = openBraces(before);
  let own = null;
  const path = [];
  const head = before.match(/^(\s*)(- )?(?:"?([\w-]+)"?:)?/);
  let column = head[1].length + (head[2] ? 2 : 0);
  if (flow.length || /^\s*(?:- )?[\w-]+:\s/.test(before)) own = head[3] || null;
  if (own) path.unshift(own);
  if (head[2]) path.unshift("[]");
  let limit = head[2] ? head[1].length : column;
  for (let number = line.number - 1; number > 0 && limit > 0; number--) {
    const above = doc.line(number).text;
    const found = above.match(/^(\s*)(- )?(?:"?([\w-]+)"?:)?/);
    if (!above.trim() || above.trim().startsWith("#")) continue;
    const at = found[1].length + (found[2] ? 2 : 0);
    if (found[2] && found[1].length < limit) {
      if (at < limit && found[3]) path.unshift(found[3]);
      path.unshift("[]");
      limit = found[1].length;
    } else if (at < limit && found[3]) {
      path.unshift(found[3]);
      limit = at;
    }
  }
  const inner = [...path, ...flow.flatMap((each) => each)];
  const last = before.match(/(?:^|[{,\s])([\w-]+):\s+[^,{}[\]]*$/);
  return { path: inner, value: last ? last[1] : null };
}

function openBraces(text) {
  const open = [];
  let key = null;
  let word = "";
  let quoted = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    if (quoted) continue;
    if (letter === ":") { key = word.trim(); word = ""; }
    else if (letter === "{" || letter === "[") { open.push([...(open.length && key ? [key] : []), ...(letter === "[" ? ["[]"] : [])]); key = null; word = ""; }
    else if (letter === "}" || letter === "]") { open.pop(); word = ""; }
    else if (letter === ",") { key = null; word = ""; }
    else word += letter;
  }
  if (open.length && key) open.push([key]);
  return open;
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
    const kind = NAMED[value] || (path.includes("replies") && !path.at(-1).includes("say") ? "states" : null);
    const named = kind ? names[kind].map((label) => ({ label, type: "variable" })) : [];
    return given.length + named.length ? { from: word.from, options: [...named, ...given] } : null;
  }
  const options = here.flatMap((each) => Object.entries(each.properties || {}).map(([label, known]) => ({
    label, type: "property", info: known.description, apply: `${label}: `,
  })));
  if (path.at(-1) === "replies") options.push(...names.intents.map((label) => ({ label, type: "variable", apply: `${label}: ` })));
  return options.length ? { from: word.from, options } : null;
}

// What the key at this position does.
export function about(doc, pos) {
  const line = doc.lineAt(pos);
  for (const found of line.text.matchAll(/([\w-]+):/g)) {
    const start = line.from + found.index;
    if (pos < start || pos > start + found[1].length) continue;
    const { path } = place(doc, start);
    const known = at([...path.filter((key, number) => !(number === path.length - 1 && key === found[1])), found[1]]);
    const text = known.map((each) => each.description).find(Boolean);
    return text ? { start, end: start + found[1].length, key: found[1], text } : null;
  }
  return null;
}
