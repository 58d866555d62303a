// Is dist/ what src/ says? The stamp in dist/ names every input with its size and time, so that a deleted source
// counts as a change, too.
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {root} from './project.mjs';

const OTHER_INPUTS = [
  'package.json',
  'tsconfig.json',
  'scripts/build.mjs',
  'scripts/lib/bundle.mjs',
  'scripts/lib/unbundled.json',
];

export function isBuilt() {
  try {
    statSync(join(root, 'oclif.manifest.json'));
    return readFileSync(join(root, 'dist/.stamp'), 'utf8') === inputStamp();
  } catch {
    return false;
  }
}

export function writeStamp(folder, stamp) {
  writeFileSync(join(folder, '.stamp'), stamp);
}

export function inputStamp() {
  const hash = createHash('sha256');
  for (const path of [...sourceFiles(), ...OTHER_INPUTS]) {
    const {size, mtimeMs} = statSync(join(root, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** All files under src/, sorted, relative to the project. */
export function sourceFiles() {
  return readdirSync(join(root, 'src'), {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .sort();
}
