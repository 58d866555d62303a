// src/**/*.ts and the small packages it imports → few JavaScript files. Node takes about a quarter of a millisecond for
// each file that it loads, and zod, yaml and oclif alone have 230: docs/performance.md has what that costs.
import {globSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join, matchesGlob, relative} from 'node:path';
import {rolldown} from 'rolldown';
import {root} from './project.mjs';

/** What is loaded from a path of its own: by oclif, by bin/, as a worker, by those who use Holdfast as a library. */
const ENTRIES = ['src/index.ts', 'src/cli/main.ts', 'src/commands/**/*.ts', 'src/**/*-worker.ts'];
/**
 * Packages that stay as they are: native ones; openpgp, which is one file already; large ones that few commands load; and
 * oclif, whose plugins bring the same copy. Packages for machines (packaging/) bring these along.
 */
const UNBUNDLED = JSON.parse(readFileSync(join(root, 'scripts/lib/unbundled.json'), 'utf8'));

/** @param folder gets `cli/main.js` for `src/cli/main.ts` and so on, and `chunks/` with what they share */
export async function bundle(folder) {
  const entries = globSync(ENTRIES, {cwd: root});
  const built = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((path) => [path.slice('src/'.length, -'.ts'.length), path])),
    platform: 'node',
    external: (id) => UNBUNDLED.some((pattern) => matchesGlob(id, pattern)),
    plugins: [ownPlaces()],
    checks: {pluginTimings: false},
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  const {output} = await built.write({
    dir: folder,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    keepNames: true, // errors tell their class by its name
  });
  writeFileSync(join(folder, 'chunks/LICENSES'), licenses(output.flatMap(({moduleIds = []}) => moduleIds)));
}

/** What the authors of the bundled packages ask to be kept beside their code. */
function licenses(modules) {
  const folders = new Set(
    modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const {name, version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const files = globSync('*', {cwd: folder}).filter((file) => /^licen[cs]e/i.test(file));
    return [
      `${name} ${version} (${license})`,
      ...files.map((file) => readFileSync(join(folder, file), 'utf8').trim()),
    ];
  });
  return `${texts.map((parts) => parts.join('\n\n')).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** `import.meta.url` says where a module would be if it were a file of its own: workers and assets are found beside it. */
function ownPlaces() {
  const place = (path) => `__place_of__("${path}")`;
  return {
    name: 'own-places',
    transform(code, id) {
      const path = relative(join(root, 'src'), id);
      if (path.startsWith('..') || !code.includes('import.meta.url')) return null;
      return code.replaceAll('import.meta.url', place(path.replace(/ts$/, 'js')));
    },
    renderChunk(code, {fileName}) {
      if (!code.includes(place('').slice(0, -2))) return null;
      return code.replaceAll(/__place_of__\("(.*?)"\)/g, (_, path) => {
        return `new URL("${relative(dirname(fileName), path)}", import.meta.url).href`;
      });
    },
  };
}
