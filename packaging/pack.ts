/**
 * Packages for machines that have no Node: `npm run pack:deb`, `npm run pack:tar`, with `-- --arch arm64` for the other architecture
 * and `-- --output FOLDER` for another place than dist-packages/. The same commit makes the same bytes.
 */
import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {packDeb} from './deb.ts';
import {type Architecture, hasLocalChanges, ROOT, thisRelease} from './release.ts';
import {packTar} from './tar.ts';

const KINDS = {deb: packDeb, tar: packTar};

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    arch: {type: 'string', default: process.arch},
    output: {type: 'string', default: join(ROOT, 'dist-packages')},
  },
});
const [kind = ''] = positionals;
if (!Object.hasOwn(KINDS, kind)) fail('Say what to make: deb or tar.');
if (values.arch !== 'x64' && values.arch !== 'arm64')
  fail(`There is no package for ${values.arch}: x64 or arm64.`);
if (hasLocalChanges())
  process.stderr.write('Note: files differ from the commit; nobody else can make this package.\n');

const output = resolve(values.output);
mkdirSync(output, {recursive: true});
const staging = mkdtempSync(join(output, '.staging-'));
try {
  const make = KINDS[kind as keyof typeof KINDS];
  const path = make(output, staging, thisRelease(values.arch as Architecture));
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  process.stdout.write(`${path}\n  ${(statSync(path).size / 1e6).toFixed(1)} MB, SHA-256 ${sha256}\n`);
} finally {
  rmSync(staging, {recursive: true, force: true});
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
