// src/ → dist/: bundles, writes types, copies what is not TypeScript, and writes the manifest that spares oclif from
// loading every command at every start. Builds aside and then swaps, so that nobody finds half a dist/.
import {copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {inputStamp, sourceFiles, writeStamp} from './lib/built.mjs';
import {root, runWithPinnedNode, withPinnedNode} from './lib/project.mjs';

const dist = join(root, 'dist');

await runWithPinnedNode(import.meta.url, async () => {
  const stamp = inputStamp(); // taken first: what is edited from now on makes the next build
  const next = join(root, `dist-${process.pid}`);
  try {
    writeTypes(next);
    const {bundle} = await import('./lib/bundle.mjs'); // an older Node cannot load it
    await bundle(next);
    copyAssets(next);
    replaceDist(next);
    await writeManifest();
    writeStamp(dist, stamp);
  } finally {
    rmSync(next, {recursive: true, force: true});
  }
});

function writeTypes(folder) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const lenient = ['--noUnusedLocals', 'false', '--noUnusedParameters', 'false']; // `npm run types` minds
  const args = [tsc, '-p', 'tsconfig.json', '--emitDeclarationOnly', '--outDir', folder, ...lenient];
  const {status} = withPinnedNode(args, {stdio: 'inherit'});
  if (status !== 0) process.exit(1);
}

function copyAssets(folder) {
  for (const path of sourceFiles().filter((path) => !path.endsWith('.ts'))) {
    const copy = join(folder, path.slice('src/'.length));
    mkdirSync(dirname(copy), {recursive: true});
    copyFileSync(join(root, path), copy);
  }
}

function replaceDist(next) {
  const old = `${next}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, {recursive: true, force: true});
}

async function writeManifest() {
  const {Plugin, settings} = await import('@oclif/core');
  settings.enableAutoTranspile = false;
  mkdirSync(join(dist, 'commands'), {recursive: true});
  const plugin = new Plugin({
    root,
    type: 'core',
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  await plugin.load();
  writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest, null, 2)}\n`);
}
