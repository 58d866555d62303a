/** Whether the figures that commands give are those of what they did. */
import {execFileSync} from 'node:child_process';
import {chmodSync, mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {noise} from '../support/trees.ts';
import {Scratch} from './scratch.ts';

interface Restored {
  readonly files: number;
  readonly bytes: number;
  readonly entries: {readonly written: number; readonly present: number};
  readonly warnings: readonly {readonly path: string; readonly problem: string}[];
}

const user = new Scratch();
const KEY = ['--key', user.path('ops.private.asc')];
const DATA_BYTES = 1 << 20;

beforeAll(async () => {
  await user.must(['keygen', 'ops', '--no-passphrase']);
  await user.must(['init', user.path('repo'), '--recipient', 'ops.public.asc']);
  writeFileSync(user.path('holdfast.yaml'), `sources: {docs: {folder: ${user.path('data')}}}\n`, {flag: 'a'});
  user.write('data/sub/deep/file', 'content');
  user.write('data/other/file', 'other');
  // Half a GiB of hole with a MiB in its middle, and a second name for it.
  user.write('data/sparse', '');
  execFileSync('truncate', ['-s', '512M', user.path('data/sparse')]);
  user.write('piece', noise(DATA_BYTES, 'piece'));
  const into = [`if=${user.path('piece')}`, `of=${user.path('data/sparse')}`];
  execFileSync('dd', [...into, 'bs=1M', 'seek=200', 'conv=notrunc', 'status=none']);
  execFileSync('ln', [user.path('data/sparse'), user.path('data/twin')]);
  await user.must(['backup']);
});
afterAll(() => user[Symbol.dispose]());

// F6, F7
test('a dry run tells the bytes that a restore writes: no holes, and a file with two names once', async () => {
  const restore = ['restore', 'latest', ...KEY];
  const dry = await user.json<Restored>([...restore, '--dry-run']);
  const real = await user.json<Restored>([...restore, '--to', user.path('all')]);
  const {files, bytes, entries} = real.json;
  expect(dry.json).toMatchObject({files, bytes, entries});
  expect(bytes).toBe(DATA_BYTES + 'content'.length + 'other'.length);
  const archive = await user.json<Restored>([...restore, '--tar', user.path('all.tar')]);
  const asArchive = await user.json<Restored>([...restore, '--tar', 'x', '--dry-run']);
  expect(asArchive.json.bytes, 'an archive holds zeros').toBe(archive.json.bytes);
  expect(archive.json.bytes).toBe(statSync(user.path('data/sparse')).size + 'contentother'.length);
});

test('a file that is there, differs and is kept counts as nothing; the rest is there already', async () => {
  user.write('all/sub/deep/file', 'mine');
  const args = ['restore', 'latest', '--to', user.path('all'), ...KEY];
  const {code, json} = await user.json<Restored>(args);
  expect([code, json]).toMatchObject([3, {files: 0, bytes: 0, entries: {written: 0, present: 6}}]);
  const {stdout, stderr} = await user.run(args);
  expect(stdout).toMatch(/^Restored nothing of docs snapshot \w+ in .*\.\n6 entries were there already\.\n$/);
  expect(stderr).toContain('sub/deep/file: something else is there, and is left as it is');
  const only = await user.run([...args, '--include', '/sub/deep/file']);
  expect(only.stdout).not.toContain('0 entries');
  expect(readFileSync(user.path('all/sub/deep/file'), 'utf8')).toBe('mine');
});

test('--include that matches nothing is named and exit 3, also beside one that matches', async () => {
  const part = ['restore', 'latest', '--include', '/etc/nginx', ...KEY];
  const none = await user.run([...part, '--to', user.path('none')]);
  expect([none.code, none.stdout]).toEqual([3, expect.stringMatching(/^Restored nothing of docs snapshot/)]);
  expect(none.stderr).toContain('--include "/etc/nginx" matches nothing in this snapshot');
  const beside = [...part, '--include', 'sub', '--include', '!nowhere', '--to', user.path('some')];
  const some = await user.json<Restored>(beside);
  expect([some.code, some.json.files]).toEqual([3, 1]);
  expect(some.json.warnings).toEqual([{path: '', problem: expect.stringContaining('"/etc/nginx"')}]);
  expect((await user.json<Restored>([...part, '--dry-run'])).code).toBe(3);
  const excluded = await user.run([
    'restore',
    'latest',
    '--exclude',
    '/*',
    '--to',
    user.path('less'),
    ...KEY,
  ]);
  expect([excluded.code, excluded.stdout]).toEqual([
    0,
    expect.stringMatching(/^There is nothing to restore of docs snapshot \w+\.$/m),
  ]);
});

test('backup counts as changed what diff calls changed: of a folder its mode, not what is in it', async () => {
  const count = async (): Promise<{changed: number; unchanged: number; new: number}> => {
    const {json} = await user.json<{
      snapshots: {entries: {changed: number; unchanged: number; new: number}}[];
    }>(['backup']);
    return json.snapshots[0]?.entries as {changed: number; unchanged: number; new: number};
  };
  const difference = async (): Promise<string[][]> => {
    const {json} = await user.json<{snapshots: {id: string}[]}>(['snapshots']);
    const [before, after] = json.snapshots.slice(-2).map(({id}) => id) as [string, string];
    const diff = await user.json<Record<'added' | 'changed', {path: string}[]>>(['diff', before, after]);
    return [diff.json.added, diff.json.changed].map((entries) => entries.map(({path}) => path));
  };
  chmodSync(user.path('data/other'), 0o750);
  user.write('data/sub/deep/more', 'more');
  expect(await count()).toMatchObject({new: 1, changed: 1, unchanged: 6});
  expect(await difference()).toEqual([['sub/deep/more'], ['other']]);
  chmodSync(user.path('data/sub'), 0o711);
  chmodSync(user.path('data/sub/deep'), 0o711);
  expect(await count()).toMatchObject({new: 0, changed: 2, unchanged: 6});
  expect(await difference()).toEqual([[], ['sub', 'sub/deep']]);
  execFileSync('touch', [user.path('data/sub')]);
  expect(await count()).toMatchObject({new: 0, changed: 0, unchanged: 8});
});

test('notes are in the JSON of a backup, too, by source', async () => {
  mkdirSync(user.path('data/cache'));
  user.write('data/cache/CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55\n');
  const server = createServer().listen(user.path('data/socket'));
  try {
    const config = user.write(
      'noting.yaml',
      readFileSync(user.path('holdfast.yaml'), 'utf8').replace(
        /docs: {folder: [^}]*/,
        '$&, excludeCaches: true',
      ),
    );
    const ran = await user.json<{snapshots: {notes: string[]; notesOmitted: number}[]}>([
      'backup',
      '--config',
      config,
    ]);
    expect([ran.code, ran.json.snapshots]).toMatchObject([
      0,
      [
        {
          notes: [
            'cache: marked by CACHEDIR.TAG, its content is left out',
            'socket: a socket, which cannot be backed up',
          ],
          notesOmitted: 0,
          leftOut: 2,
        },
      ],
    ]);
    // Every night it would be in the mail of cron.
    expect(ran.stderr).toBe('');
    const asked = await user.must(['backup', '--verbose', '--config', config]);
    expect(asked.stderr).toContain('docs: socket: a socket');
    expect(asked.stdout).toContain('; 2 left out (--verbose names them)');
    expect((await user.must(['backup', '--full', '--config', config])).stderr).toContain('socket: a socket');
  } finally {
    server.close();
  }
});
