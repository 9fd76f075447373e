// Builds the front end: src/pages/*.ts and css/pages/*.css become dist/<name>-<hash>.{js,css}, and dist/manifest.json says
// which file a page's name stands for. Fonts and other files that the style sheets name are copied beside them.
//
//   node build.mjs               once, minified
//   node build.mjs --watch       again whenever a file changes, readable
//   node build.mjs --out FOLDER  into another folder, so that a server that uses dist is not disturbed
//
// A file of an earlier build stays for an hour: a page that was loaded before the build may still ask for it.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import * as esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outAt = process.argv.indexOf("--out");
const dist = outAt < 0 ? join(here, "dist") : resolve(process.argv[outAt + 1]);
const KEPT_MS = 3_600_000;
const TARGET = ["chrome111", "firefox114", "safari16.4"];
const watching = process.argv.includes("--watch");

async function entries(folder, ending) {
  const full = join(here, folder);
  if (!existsSync(full)) return [];
  return (await readdir(full)).filter((name) => name.endsWith(ending)).map((name) => join(full, name));
}

/** Files that pages name themselves, without a style sheet in between. */
async function copyLoose(manifest) {
  for (const path of await entries("src/assets", "")) {
    const bytes = readFileSync(path);
    const [, stem, ending] = basename(path).match(/^(.*)(\.[^.]+)$/);
    const name = `${stem}-${createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase()}${ending}`;
    await writeFile(join(dist, name), bytes);
    manifest[basename(path)] = name;
  }
}

/** Beside each text file its gzip and brotli forms: what the server sends is never compressed while somebody waits. */
async function compress(made) {
  const texts = [...made].filter((name) => /\.(js|css|svg)$/.test(name));
  await Promise.all(
    texts.map(async (name) => {
      if (existsSync(join(dist, `${name}.br`)) && existsSync(join(dist, `${name}.gz`))) return; // the name has its hash
      const bytes = readFileSync(join(dist, name));
      await writeFile(join(dist, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }));
      await writeFile(join(dist, `${name}.br`), await promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    }),
  );
  return texts.flatMap((name) => [`${name}.gz`, `${name}.br`]);
}

/** For each page's script the parts that it cannot start without: a page asks for them together instead of one after another. */
function partsOf({ outputs }) {
  const parts = {};
  for (const [path, output] of Object.entries(outputs)) {
    if (!output.entryPoint?.endsWith(".ts") || !relative(here, join(here, output.entryPoint)).startsWith(join("src", "pages"))) continue;
    const found = new Set();
    const look = (one) => {
      for (const { path: next, kind } of outputs[one].imports) {
        if (kind !== "import-statement" || found.has(next)) continue;
        found.add(next);
        look(next);
      }
    };
    look(path);
    parts[basename(output.entryPoint).replace(/\.ts$/, ".js")] = [...found].map((one) => basename(one)).sort();
  }
  return parts;
}

/** The Emacs keys mark the calls that bind them as pure, so a bundler would leave them out. */
const emacsPlugin = {
  name: "emacs",
  setup(build) {
    build.onLoad({ filter: /codemirror-emacs[\\/]dist[\\/]index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(/\/\*@__PURE__\*\/(?=EmacsHandler\.)/g, ""),
      loader: "js",
    }));
  },
};

const manifestPlugin = {
  name: "manifest",
  setup(build) {
    build.onEnd(async (result) => {
      if (result.errors.length > 0) return;
      const manifest = {};
      const made = new Set();
      for (const [path, output] of Object.entries({ ...whole.metafile.outputs, ...result.metafile.outputs })) {
        const name = relative(dist, join(here, path));
        made.add(name);
        if (output.entryPoint) {
          const ending = name.slice(name.lastIndexOf("."));
          manifest[basename(output.entryPoint).replace(/\.(ts|css)$/, ending)] = name;
        }
      }
      await copyLoose(manifest);
      for (const name of Object.values(manifest)) made.add(name);
      if (!watching) for (const name of await compress(made)) made.add(name);
      const sorted = Object.fromEntries(Object.entries(manifest).sort());
      await writeFile(join(dist, "parts.json"), JSON.stringify(partsOf(result.metafile), null, 2) + "\n");
      made.add("parts.json");
      // A server may read the manifest at any moment: it is replaced whole.
      await writeFile(join(dist, "manifest.json.new"), JSON.stringify(sorted, null, 2) + "\n");
      await rename(join(dist, "manifest.json.new"), join(dist, "manifest.json"));
      made.add("manifest.json");
      for (const name of await readdir(dist)) {
        if (made.has(name)) continue;
        const old = join(dist, name);
        if (Date.now() - (await stat(old)).mtimeMs > KEPT_MS) await unlink(old);
      }
    });
  },
};

await mkdir(dist, { recursive: true });
// Pages with an editor: what they share is fetched once, and what few people need when they do. The others are one small file
// each; the page that plays from disk has no folder beside it, and scripts that are no modules cannot fetch parts.
const IN_PARTS = new Set(["room.ts", "room-private.ts", "practice.ts", "replay.ts", "replay-chronicle.ts"]);
const isWhole = (path) => !IN_PARTS.has(basename(path));
const scripts = await entries("src/pages", ".ts");
const whole = await esbuild.build({
  absWorkingDir: here,
  entryPoints: scripts.filter(isWhole),
  outdir: dist,
  entryNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  target: TARGET,
  minify: !watching,
  legalComments: "none",
  metafile: true,
  plugins: [emacsPlugin],
});
const options = {
  absWorkingDir: here,
  entryPoints: [...scripts.filter((path) => !isWhole(path)), ...(await entries("css/pages", ".css"))],
  outdir: dist,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: TARGET,
  loader: { ".woff2": "file", ".svg": "file" },
  minify: !watching,
  sourcemap: watching ? "linked" : false,
  legalComments: "none",
  metafile: true,
  logLevel: watching ? "info" : "warning",
  plugins: [emacsPlugin, manifestPlugin],
};

if (watching) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
