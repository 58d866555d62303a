/** Sources that are missing, empty, unreadable, or hold what is ours; patterns and hooks (TESTING.md F3-F5, F15, F17, F18, I4). */
import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {SourceError} from '../../src/errors.ts';
import type {BackedUp} from '../../src/operations/backup.ts';
import {beforeRead, onFsCall, systemError} from '../support/fs-calls.ts';
import {Machine} from '../support/machine.ts';
import {describeTree, noise} from '../support/trees.ts';

let machine: Machine;

beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

const at = (...path: string[]): string => join(machine.source, ...path);

/** How many snapshots there are; none of a failed run may be among them. */
async function snapshots(): Promise<number> {
  return (await machine.history()).sources.flatMap(({seals}) => seals).length;
}

function fill(count: number): void {
  for (let i = 0; i < count; i++) writeFileSync(at(`file-${i}`), `content ${i}`);
}

// F3, F4: an unmounted disk shows as an empty mount point.
describe('a source that is suddenly not what it was', () => {
  test('missing, from the start and later: no snapshot, exit 1, and a hint', async () => {
    for (const before of [0, 1]) {
      if (before === 1) {
        fill(3);
        await machine.backup();
      }
      rmSync(machine.source, {recursive: true});
      const error = await machine.backup().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SourceError);
      expect(error).toMatchObject({exitCode: 1, hint: expect.stringContaining('mounted')});
      expect((error as Error).message).toContain(machine.source);
      expect(await snapshots()).toBe(before);
      mkdirSync(machine.source);
    }
  });

  test('a file in place of the folder', async () => {
    rmSync(machine.source, {recursive: true});
    writeFileSync(machine.source, 'not a folder');
    await expect(machine.backup()).rejects.toThrow(/it is not a folder/);
  });

  test('empty: refused, unless allowed for once or for good', async () => {
    await expect(machine.backup()).rejects.toThrow(/has 0 entries/);
    fill(3);
    await machine.backup();
    for (const name of readdirSync(machine.source)) rmSync(at(name));
    await expect(machine.backup()).rejects.toThrow(/has 0 entries; the last snapshot had 3/);
    expect(await snapshots()).toBe(1);
    expect(await machine.backup({allowEmpty: true})).toMatchObject({entries: {total: 0, removed: 3}});
    expect(await machine.backup({}, {allowEmpty: true})).toMatchObject({entries: {total: 0}});
    expect(readdirSync(await machine.restored('latest'))).toEqual([]);
  });

  test('nine tenths gone: kept as suspect, again and again, until they are back', async () => {
    fill(100);
    await machine.backup();
    for (let i = 10; i < 100; i++) rmSync(at(`file-${i}`));
    for (const attempt of [1, 2])
      expect(await machine.backup(), `attempt ${attempt}`).toMatchObject({
        entries: {total: 10},
        suspect: [{reason: 'collapsed', detail: expect.stringContaining('10 entries are left of 100')}],
      });
    fill(100);
    const next = await machine.backup();
    expect(next).toMatchObject({suspect: [], entries: {total: 100, new: 90}});
    expect(describeTree(await machine.restored(next.id))).toEqual(describeTree(machine.source));
  });

  test('one source that fails does not stop the others, and their order does not matter', async () => {
    const {backup} = await import('../../src/operations/backup.ts');
    fill(2);
    const missing = machine.sourceConfig({name: 'missing', folder: join(machine.folder, 'nowhere')});
    const {snapshots: made, failures} = await backup(
      await machine.context(),
      [missing, machine.sourceConfig(), {...missing, name: 'missing-too'}],
      {},
    );
    expect(made.map(({source}) => source)).toEqual(['files']);
    expect(failures.map(({source, error}) => [source, error.exitCode])).toEqual([
      ['missing', 1],
      ['missing-too', 1],
    ]);
  });
});

// F5 (incident 29): never stored as if whole; what was readable before stays in the older snapshot.
describe('what cannot be read', () => {
  const isRoot = process.geteuid?.() === 0;

  /** Backs up as somebody who is not root. */
  async function asNobody(): Promise<BackedUp> {
    if (!isRoot) return machine.backup();
    // The catalog was opened as root; the rest is touched anew.
    execFileSync('chown', ['-R', '65534:65534', machine.folder]);
    process.setegid?.(65534);
    process.seteuid?.(65534);
    try {
      return await machine.backup();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
  }

  test('EACCES on a file and a folder, as another user than root', async () => {
    fill(3);
    mkdirSync(at('folder'));
    writeFileSync(at('folder/inside'), 'inside');
    const full = await asNobody();
    expect(full.warnings).toEqual([]);
    writeFileSync(at('file-1'), 'changed, and nobody may read it');
    chmodSync(at('file-1'), 0);
    chmodSync(at('folder'), 0);
    const next = await asNobody();
    expect(next.warnings).toEqual([
      {path: 'file-1', problem: 'permission denied'},
      {path: 'folder', problem: 'permission denied'},
    ]);
    expect(next.entries).toMatchObject({total: 2, removed: 3});
    expect(readdirSync(await machine.restored(next.id))).toEqual(['file-0', 'file-2']);
    const before = await machine.restored(full.id);
    expect(readFileSync(join(before, 'file-1'), 'utf8')).toBe('content 1');
    expect(readFileSync(join(before, 'folder/inside'), 'utf8')).toBe('inside');

    chmodSync(at('file-1'), 0o600);
    chmodSync(at('folder'), 0o700);
    const healed = await asNobody();
    expect(healed.warnings, 'readable again: back in the snapshot').toEqual([]);
    expect(readFileSync(join(await machine.restored(healed.id), 'folder/inside'), 'utf8')).toBe('inside');
    expect(await machine.verify()).toMatchObject({ok: true});
  });

  test('EIO in the middle of a file: it is left out, told, and the next ones are right', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(at(name), noise(2 << 20, name));
    let done: BackedUp;
    {
      using _hook = beforeRead(at('b'), 4, () => {
        throw systemError('EIO', 'read');
      });
      done = await machine.backup();
    }
    expect(done.warnings.map(({path}) => path)).toEqual(['b']);
    expect(done.warnings[0]?.problem).toMatch(/^it cannot be read: the disk reported an error$/);
    const to = await machine.restored(done.id);
    expect(readdirSync(to)).toEqual(['a', 'c']);
    for (const name of ['a', 'c'])
      expect(readFileSync(join(to, name)).equals(noise(2 << 20, name)), name).toBe(true);
    expect(await machine.verify()).toMatchObject({ok: true});
    expect(await machine.backup(), 'read again by the next run').toMatchObject({
      warnings: [],
      entries: {new: 1},
    });
  });

  test('an error of readdir: the folder is left out as a whole, and told; of the root: no snapshot', async () => {
    mkdirSync(at('folder'));
    writeFileSync(at('folder/inside'), 'inside');
    writeFileSync(at('other'), 'other');
    const failing = (end: string): Disposable =>
      onFsCall('readdirSync', (path) => {
        if (String(path).endsWith(end)) throw systemError('EIO', 'scandir');
      });
    {
      using _hook = failing('/folder');
      const done = await machine.backup();
      expect(done.warnings.map(({path}) => path)).toEqual(['folder']);
      expect(readdirSync(await machine.restored(done.id))).toEqual(['other']);
    }
    using _hook = failing('/source');
    await expect(machine.backup()).rejects.toThrow(SourceError);
    expect(await snapshots()).toBe(1);
  });
});

// F17
describe('a source that holds what is ours', () => {
  test('repository and catalog are left out and told', async () => {
    fill(2);
    const done = await machine.backup({}, {folder: machine.folder});
    expect(machine.notes.sort()).toEqual([
      "files: repository: Holdfast's own repository or catalog, left out",
      "files: state/catalog.db: Holdfast's own repository or catalog, left out",
    ]);
    const to = await machine.restored(done.id);
    expect(readdirSync(join(to, 'source'))).toEqual(['file-0', 'file-1']);
    expect(existsSync(join(to, 'repository'))).toBe(false);
    expect(existsSync(join(to, 'state/catalog.db'))).toBe(false);
  });

  test('also when the repository is named through a link', async () => {
    fill(2);
    symlinkSync(machine.repositoryFolder, join(machine.folder, 'link-to-repository'));
    const ownPaths = [join(machine.folder, 'link-to-repository'), machine.catalogPath];
    const done = await machine.backup({}, {folder: machine.folder}, {ownPaths});
    expect(existsSync(join(await machine.restored(done.id), 'repository'))).toBe(false);
  });
});

describe('exclude and CACHEDIR.TAG', () => {
  test('patterns, negation, folders; what is excluded later leaves the next snapshot', async () => {
    mkdirSync(at('cache/deep'), {recursive: true});
    mkdirSync(at('sub/cache'), {recursive: true});
    for (const path of ['a.tmp', 'keep.tmp', 'a.txt', 'cache/deep/x', 'sub/cache/y', 'sub/b.tmp'])
      writeFileSync(at(path), path);
    const first = await machine.backup({}, {exclude: ['*.tmp', '!keep.tmp', '/cache/']});
    expect(paths(await machine.restored(first.id))).toEqual([
      '',
      'a.txt',
      'keep.tmp',
      'sub',
      'sub/cache',
      'sub/cache/y',
    ]);
    const second = await machine.backup({}, {exclude: ['*.tmp', 'cache/']});
    expect(second.entries.removed).toBe(3);
    expect(paths(await machine.restored(second.id))).toEqual(['', 'a.txt', 'sub']);
    const third = await machine.backup();
    expect(paths(await machine.restored(third.id))).toEqual(paths(machine.source));
  });

  test('a tagged cache keeps its tag alone, when asked; a false tag is none', async () => {
    for (const name of ['cache', 'fake']) mkdirSync(at(name));
    writeFileSync(
      at('cache/CACHEDIR.TAG'),
      'Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n',
    );
    writeFileSync(at('fake/CACHEDIR.TAG'), 'Signature: something else');
    for (const name of ['cache', 'fake']) writeFileSync(at(name, 'content'), 'content');
    const asked = await machine.backup({}, {excludeCaches: true});
    expect(paths(await machine.restored(asked.id))).toEqual([
      '',
      'cache',
      'cache/CACHEDIR.TAG',
      'fake',
      'fake/CACHEDIR.TAG',
      'fake/content',
    ]);
    expect(machine.notes).toEqual(['files: cache: marked by CACHEDIR.TAG, its content is left out']);
    expect(paths(await machine.restored((await machine.backup()).id))).toContain('cache/content');
  });

  // F15
  test('a pattern that could never match ends the run before anything is read', async () => {
    fill(1);
    await expect(machine.backup({}, {exclude: ['[']})).rejects.toMatchObject({exitCode: 2});
    expect(await snapshots()).toBe(0);
  });
});

const paths = (root: string): string[] => describeTree(root).map(({path}) => path);

// F18
describe('hooks', () => {
  const trace = (): string => readFileSync(join(machine.folder, 'trace'), 'utf8');
  const say = (word: string, exit = 0) =>
    ({shell: `echo ${word} >> "${join(machine.folder, 'trace')}"; echo why >&2; exit ${exit}`}) as const;

  beforeEach(() => fill(2));

  test('run around the walk: what "before" makes is in the snapshot, what "after" makes is not', async () => {
    const done = await machine.backup(
      {},
      {
        before: {words: ['/bin/sh', '-c', `echo dump > "${at('dump')}"`]},
        after: {shell: `rm "${at('dump')}"; echo late > "${at('late')}"`},
      },
    );
    expect(paths(await machine.restored(done.id))).toEqual(['', 'dump', 'file-0', 'file-1']);
    expect(readdirSync(machine.source)).toEqual(['file-0', 'file-1', 'late']);
  });

  test('"before" fails: no snapshot, and "after" still runs', async () => {
    const error = await machine
      .backup({}, {before: say('before', 7), after: say('after')})
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as Error).message).toMatch(/"before" command of files .* failed: exit code 7 .why/);
    expect(trace()).toBe('before\nafter\n');
    expect(await snapshots()).toBe(0);
  });

  test('the walk fails: "after" runs; "after" fails: the snapshot stands, with a warning', async () => {
    rmSync(machine.source, {recursive: true});
    await expect(machine.backup({}, {after: say('after')})).rejects.toThrow(SourceError);
    expect(trace()).toBe('after\n');
    mkdirSync(machine.source);
    fill(1);
    const done = await machine.backup({}, {after: say('after', 3)});
    expect(done.warnings.map(({problem}) => problem)).toEqual([
      expect.stringMatching(/"after" command of files .* failed: exit code 3/),
    ]);
    expect(await snapshots()).toBe(1);
  });

  test('a program that is not there, or is killed, is said; its arguments are not', async () => {
    for (const [words, said] of [
      [['/no/such/program', '--token=canary'], /the program is not there/],
      [['/bin/sh', '-c', 'kill -9 $$ # canary'], /SIGKILL/],
      [['/bin/false', 'canary'], /exit code 1/],
    ] as const) {
      const error = (await machine
        .backup({}, {before: {words: [...words]}})
        .catch((reason: unknown) => reason)) as Error;
      expect(error).toBeInstanceOf(SourceError);
      expect(error.message).toMatch(said);
      expect(error.message, 'arguments may be secret').not.toContain('canary');
    }
  });

  // I4: no shell looks at the words.
  test('words reach the program as they are', async () => {
    const words = ['$(id)', '-x', '; rm -rf /', '*', 'a b', '"', "'", '\n', ''];
    const out = join(machine.folder, 'words');
    const program = `require('node:fs').writeFileSync(${JSON.stringify(out)}, JSON.stringify(process.argv.slice(1)))`;
    await machine.backup({}, {before: {words: [process.execPath, '-e', program, '--', ...words]}});
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(words);
  });

  // J7
  test('what opens the history is not handed on to them', async () => {
    process.env['HOLDFAST_PASSPHRASE'] = 'canary';
    process.env['ORDINARY'] = 'handed on';
    try {
      await machine.backup({}, {before: {shell: `env > "${join(machine.folder, 'env')}"`}});
    } finally {
      delete process.env['HOLDFAST_PASSPHRASE'];
      delete process.env['ORDINARY'];
    }
    const env = readFileSync(join(machine.folder, 'env'), 'utf8');
    expect(env).toContain('ORDINARY=handed on');
    expect(env).not.toContain('canary');
  });
});
