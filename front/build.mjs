// Builds what the browser gets into adapters/web/built: scripts and styles under names that hold a digest of their content,
// manifest.json (plain name -> built name), and the licences of what was built in.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(here, "../adapters/web/built");
const draft = `${out}.new`;
const manifest = {};
const packages = new Set();

await rm(draft, { recursive: true, force: true });
await mkdir(draft, { recursive: true });
for (const name of await sources("js", ".js")) {
  const built = await esbuild.build({
    entryPoints: [path.join(here, "js", name)],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    target: "es2022",
    legalComments: "none", // they stand in licences.txt
    absWorkingDir: here,
  });
  Object.keys(built.metafile.inputs).forEach(note);
  await put(name, built.outputFiles[0].contents);
}
for (const name of await sources("css", ".scss")) {
  const { css, loadedUrls } = sass.compile(path.join(here, "css", name), {
    loadPaths: [path.join(here, "node_modules")],
    quietDeps: true,
  });
  loadedUrls.forEach((url) => note(path.relative(here, fileURLToPath(url))));
  const built = await esbuild.build({
    stdin: { contents: css, loader: "css", resolveDir: here },
    bundle: true,
    minify: true,
    write: false,
    loader: { ".svg": "dataurl" },
  });
  const { contents, text } = built.outputFiles[0];
  if (/url\((?!["']?data:)/.test(text)) throw new Error(`${name}: pages fetch nothing from elsewhere`);
  await put(name.replace(/\.scss$/, ".css"), contents);
}
for (const name of await readdir(path.join(here, "static"))) await put(name, await readFile(path.join(here, "static", name)));
await writeFile(path.join(draft, "licences.txt"), await licences());
await writeFile(path.join(draft, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
await rm(out, { recursive: true, force: true });
await rename(draft, out);

async function sources(folder, ending) {
  const names = await readdir(path.join(here, folder));
  return names.filter((name) => name.endsWith(ending) && !name.startsWith("_")).sort();
}

async function put(name, content) {
  const { name: stem, ext } = path.parse(name);
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 12);
  manifest[name] = `${stem}-${digest}${ext}`;
  await writeFile(path.join(draft, manifest[name]), content);
}

function note(file) {
  const found = file.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}

async function licences() {
  const parts = [];
  for (const name of [...packages].sort()) {
    const folder = path.join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? await readFile(path.join(folder, file), "utf8") : `Licence: ${license}\n`;
    parts.push(`${name} ${version}\n${"=".repeat(name.length + version.length + 1)}\n\n${text.trim()}\n`);
  }
  return parts.join("\n\n");
}
