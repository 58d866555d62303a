/** What the modules of a command load at once: each package costs every start of it (docs/performance.md, "Start-up"). */
import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {expect, test} from 'vitest';

/** Loads the module that its argument names, and prints the files and the parts of Node that came with it. */
const OBSERVER = `
import {registerHooks} from 'node:module';
const loaded = [];
registerHooks({load: (url, context, next) => (loaded.push(url), next(url, context))});
await import(process.argv[1]);
console.log([...loaded, ...process.moduleLoadList].join('\\n'));
`;

const CONFIG = ['zod', 'yaml'];
const REPOSITORY = ['openpgp', 'better-sqlite3'];
/** Loaded by who uses them, at that moment. undici comes with any `import` of node:http. */
const LATER = ['@aws-sdk', 'undici', 'execa', 'koffi', 'shamir-secret-sharing'];

test.each([
  ['cli/main.ts', [...CONFIG, ...REPOSITORY, ...LATER]],
  ['commands/version.ts', [...CONFIG, ...REPOSITORY, ...LATER]],
  ['commands/config/schema.ts', ['yaml', ...REPOSITORY, ...LATER]],
  ['commands/config/check.ts', [...REPOSITORY, ...LATER]],
  ['commands/snapshots.ts', [...CONFIG, ...LATER]],
  ['commands/restore.ts', [...CONFIG, ...LATER]],
  ['commands/backup.ts', [...CONFIG, ...LATER]],
])('%s loads none of %j', async (module, unneeded) => {
  const path = join(import.meta.dirname, '../../src', module);
  const args = ['--input-type=module', '--eval', OBSERVER, path];
  const {stdout} = await promisify(execFile)(process.execPath, args);
  const loaded = stdout.split('\n');
  expect(loaded.some((name) => name.includes('/@oclif/core/'))).toBe(true);
  const found = unneeded.flatMap(
    (name) =>
      loaded.find((file) => file.includes(`/node_modules/${name}/`) || file.endsWith(`/${name}/${name}`)) ??
      [],
  );
  expect(found).toEqual([]);
});
