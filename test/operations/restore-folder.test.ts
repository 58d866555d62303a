/** A restore that plans as far ahead as it may, and writes in the order of the packs. */
import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {linkSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Scratch} from '../cli/scratch.ts';
import {PROGRAM} from '../support/cli.ts';
import {describeTree} from '../support/trees.ts';

const FOLDERS = 400;
let user: Scratch;
let source: string;

const restoring = (to: string): string[] => ['restore', 'latest', '--to', to, '--key', 'ops.private.asc'];

function packs(): string[] {
  return readdirSync(user.path('repo'), {recursive: true, encoding: 'utf8'})
    .filter((name) => /packs\/.*[0-9a-f]{64}/.test(name))
    .map((name) => user.path('repo', name));
}

beforeAll(async () => {
  user = new Scratch();
  await user.must(['keygen', 'ops', '--no-passphrase']);
  await user.must(['init', user.path('repo'), '--recipient', 'ops.public.asc']);
  source = user.path('source');
  mkdirSync(source);
  // The first and the last folder share contents, and inodes: whatever is planned in parts has to find them again.
  for (let number = 0; number < FOLDERS; number++) {
    const folder = join(source, `folder-${String(number).padStart(4, '0')}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'own'), `content ${number}`, {mode: 0o640});
    writeFileSync(join(folder, 'shared'), `one of seven: ${number % 7}`);
    writeFileSync(join(folder, 'empty'), '');
    if (number % 100 === 0) writeFileSync(join(folder, 'large'), randomBytes(3_000_000));
  }
  for (const number of ['0100', '0399'])
    linkSync(join(source, 'folder-0000/own'), join(source, `folder-${number}/linked`));
  linkSync(join(source, 'folder-0200/large'), join(source, 'folder-0201/linked-large'));
  user.write(
    'holdfast.yaml',
    `repository: ${user.path('repo')}\nrecipients: [ops.public.asc]\nsources: {docs: {folder: ${source}}}\n`,
  );
  await user.must(['backup']);
}, 120_000);

afterAll(() => user[Symbol.dispose]());

test('with few descriptors it writes in many parts, and the tree is the same', async () => {
  const to = user.path('few');
  const words = [process.execPath, PROGRAM, ...restoring(to)];
  execFileSync('/bin/sh', ['-c', 'ulimit -n 256; exec "$0" "$@"', ...words], {
    cwd: user.home,
    env: {...process.env, HOME: user.home, XDG_STATE_HOME: user.path('state')},
    stdio: 'pipe',
  });
  expect(describeTree(to)).toEqual(describeTree(source));
  expect(statSync(join(to, 'folder-0399/linked')).ino).toBe(statSync(join(to, 'folder-0000/own')).ino);
});

test('what is there already is kept, what is missing comes back, and hard links are joined again', async () => {
  const to = user.path('twice');
  await user.must(restoring(to));
  rmSync(join(to, 'folder-0000'), {recursive: true});
  rmSync(join(to, 'folder-0201/linked-large'));
  const {stdout} = await user.must([...restoring(to), '--json']);
  // The folder, its four files, the large file's second name; the other names of its "own" are there, but of another inode.
  expect(JSON.parse(stdout)).toMatchObject({entries: {written: 6}, damaged: []});
  expect(statSync(join(to, 'folder-0201/linked-large')).ino).toBe(
    statSync(join(to, 'folder-0200/large')).ino,
  );
  await user.must([...restoring(to), '--overwrite', 'always']);
  expect(describeTree(to)).toEqual(describeTree(source));
});

test('a pack that is gone costs the files in it, by name, and nothing else', async () => {
  // D4
  const pack = packs().toSorted((a, b) => statSync(b).size - statSync(a).size)[0] as string;
  execFileSync('mv', [pack, `${pack}.gone`]);
  try {
    const to = user.path('damaged');
    const {code, stdout} = await user.run([...restoring(to), '--json']);
    expect(code).toBe(4);
    const {damaged, files} = JSON.parse(stdout) as {
      damaged: {path: string; message: string}[];
      files: number;
    };
    expect(damaged.length).toBeGreaterThan(0);
    const all = 3 * FOLDERS + 4 + 3;
    expect(files + damaged.length).toBe(all);
    for (const {path} of damaged) expect(() => statSync(join(to, path))).toThrow('ENOENT');
    expect(
      readdirSync(to, {recursive: true, encoding: 'utf8'}).filter((name) => name.includes('.part')),
    ).toEqual([]);
  } finally {
    execFileSync('mv', [`${pack}.gone`, pack]);
  }
});
