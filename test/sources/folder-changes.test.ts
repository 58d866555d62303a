/** Files and folders that change while, or right after, they are read (TESTING.md F1, F2, F10, F13). */
import {execFileSync, spawnSync} from 'node:child_process';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {beforePath, beforeRead} from '../support/fs-calls.ts';
import {Machine} from '../support/machine.ts';
import {describeTree, noise} from '../support/trees.ts';

let machine: Machine;

beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

const at = (...path: string[]): string => join(machine.source, ...path);

// F1: what is kept was the file's content at one moment or another, its size is that of the bytes stored, and it is told.
describe('a file that changes while it is read', () => {
  const SIZE = 3 << 20;

  beforeEach(() => {
    writeFileSync(at('before'), 'before');
    writeFileSync(at('file'), noise(SIZE, 'old'));
    writeFileSync(at('later'), 'later');
  });

  /** Names of the others, which must not suffer. */
  async function othersAre(to: string): Promise<void> {
    expect(readFileSync(join(to, 'before'), 'utf8')).toBe('before');
    expect(readFileSync(join(to, 'later'), 'utf8')).toBe('later');
    expect(await machine.verify()).toMatchObject({ok: true, problems: []});
  }

  const changes: Record<string, {change: () => void; expected: () => Buffer}> = {
    grows: {
      change: () => appendFileSync(at('file'), noise(100_000, 'more')),
      expected: () => Buffer.concat([noise(SIZE, 'old'), noise(100_000, 'more')]),
    },
    'is cut to half': {
      change: () => truncateSync(at('file'), SIZE / 2),
      expected: () => noise(SIZE, 'old').subarray(0, SIZE / 2),
    },
    'is truncated to nothing': {change: () => truncateSync(at('file'), 0), expected: () => Buffer.alloc(0)},
    'is rewritten in its length': {
      change: () => writeFileSync(at('file'), noise(SIZE, 'new')),
      expected: () => noise(SIZE, 'new'),
    },
  };
  test.each(Object.entries(changes))(
    '%s once: it is read again, whole, and nothing is said',
    async (_, {change, expected}) => {
      let done: Awaited<ReturnType<Machine['backup']>>;
      {
        using _hook = beforeRead(at('file'), 3, change);
        done = await machine.backup();
      }
      expect(done).toMatchObject({warnings: []});
      expect(readFileSync(at('file')).equals(expected()), 'the change was made').toBe(true);
      const to = await machine.restored(done.id);
      expect(readFileSync(join(to, 'file')).equals(expected())).toBe(true);
      await othersAre(to);
    },
  );

  test('and changes each time that it is read: kept as it was read last, marked, and told', async () => {
    let done: Awaited<ReturnType<Machine['backup']>>;
    let [reads, appended] = [0, 0];
    {
      using _hook = beforeRead(at('file'), undefined, () => {
        if (++reads % 5 === 0) appendFileSync(at('file'), `line ${++appended}\n`);
      });
      done = await machine.backup();
    }
    expect(appended).toBeGreaterThan(3);
    expect(done.warnings).toEqual([
      {path: 'file', problem: 'it changed while it was read; it was kept as it was read last'},
    ]);
    const to = await machine.restored(done.id);
    const kept = readFileSync(join(to, 'file'));
    expect(readFileSync(at('file')).subarray(0, kept.length).equals(kept), 'a beginning of the file').toBe(
      true,
    );
    expect(kept.length).toBeGreaterThan(SIZE);
    await othersAre(to);

    const next = await machine.backup();
    expect(next, 'the next run reads it again').toMatchObject({warnings: [], entries: {changed: 1}});
    expect(describeTree(await machine.restored(next.id))).toEqual(describeTree(machine.source));
  });

  test('and grows as fast as it is read: the reading ends', async () => {
    let done: Awaited<ReturnType<Machine['backup']>>;
    {
      using _hook = beforeRead(at('file'), undefined, () =>
        appendFileSync(at('file'), Buffer.alloc(262_144, 'x')),
      );
      done = await machine.backup();
    }
    expect(done.warnings.map(({path}) => path)).toEqual(['file']);
    const kept = readFileSync(join(await machine.restored(done.id), 'file'));
    expect(readFileSync(at('file')).subarray(0, kept.length).equals(kept)).toBe(true);
  });

  test('and is sparse', async () => {
    execFileSync('truncate', ['-s', '40M', at('sparse')]);
    execFileSync(
      'dd',
      ['if=/dev/urandom', `of=${at('sparse')}`, 'bs=1M', 'seek=20', 'count=2', 'conv=notrunc'],
      {
        stdio: 'ignore',
      },
    );
    let done: Awaited<ReturnType<Machine['backup']>>;
    {
      using _hook = beforeRead(at('sparse'), 2, () => truncateSync(at('sparse'), 21 << 20));
      done = await machine.backup();
    }
    expect(describeTree(await machine.restored(done.id))).toEqual(describeTree(machine.source));
  });
});

// F2 (incident 25): the entries after the one that went are the ones that would be mixed up.
describe('an entry that goes or is swapped in the middle of a batch', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) writeFileSync(at(name), `content of ${name}`);
    mkdirSync(at('c-folder'));
    writeFileSync(at('c-folder/inside'), 'inside');
    symlinkSync('a', at('c-link'));
  });

  async function othersAreRight(id: string | null, gone: readonly string[]): Promise<string> {
    const to = await machine.restored(id);
    for (const name of ['a', 'b', 'c', 'd', 'e'].filter((other) => !gone.includes(other)))
      expect(readFileSync(join(to, name), 'utf8'), name).toBe(`content of ${name}`);
    for (const name of gone) expect(lstatSync(join(to, name), {throwIfNoEntry: false})).toBeUndefined();
    expect(await machine.verify()).toMatchObject({ok: true});
    return to;
  }

  for (const when of ['the first backup', 'an incremental'] as const) {
    describe(when, () => {
      beforeEach(async () => {
        if (when === 'the first backup') return;
        await machine.backup();
        for (const name of ['b', 'c', 'd']) writeFileSync(at(name), `content of ${name}`);
        rmSync(at('c-link'));
        symlinkSync('b', at('c-link'));
      });

      test('vanishes before it is looked at, or before it is opened', async () => {
        using _first = beforePath('lstatSync', '/b', () => rmSync(at('b')));
        using _second = beforePath('openSync', '/c', () => rmSync(at('c')));
        using _third = beforePath('readlinkSync', '/c-link', () => rmSync(at('c-link')));
        using _fourth = beforePath('readdirSync', '/c-folder', () =>
          rmSync(at('c-folder'), {recursive: true}),
        );
        const done = await machine.backup();
        expect(done.warnings.map(({path}) => path)).toEqual(['b', 'c', 'c-folder', 'c-link']);
        for (const {problem} of done.warnings)
          expect(problem).toBe('it vanished while the folder was walked');
        await othersAreRight(done.id, ['b', 'c', 'c-folder', 'c-link']);
      });

      test('a file becomes a folder, a link, a FIFO, a socket that nobody answers', async () => {
        using _first = beforePath('openSync', '/b', () => {
          rmSync(at('b'));
          mkdirSync(at('b'));
        });
        using _second = beforePath('openSync', '/c', () => {
          rmSync(at('c'));
          symlinkSync('/etc/passwd', at('c'));
        });
        // F10: opening it must not wait for a writer.
        using _third = beforePath('openSync', '/d', () => {
          rmSync(at('d'));
          execFileSync('mkfifo', [at('d')]);
        });
        const done = await machine.backup();
        expect(done.warnings.map(({path}) => path)).toEqual(['b', 'c', 'd']);
        await othersAreRight(done.id, ['b', 'c', 'd']);
      });

      test('a folder becomes a file, or a link to another folder', async () => {
        mkdirSync(at('z-folder'));
        mkdirSync(join(machine.folder, 'elsewhere'));
        writeFileSync(join(machine.folder, 'elsewhere/secret'), 'not of this source');
        using _first = beforePath('readdirSync', '/c-folder', () => {
          rmSync(at('c-folder'), {recursive: true});
          writeFileSync(at('c-folder'), 'a file');
        });
        using _second = beforePath('readdirSync', '/z-folder', () => {
          rmSync(at('z-folder'), {recursive: true});
          symlinkSync(join(machine.folder, 'elsewhere'), at('z-folder'));
        });
        const done = await machine.backup();
        expect(done.warnings.map(({path}) => path)).toEqual(['c-folder', 'z-folder']);
        await othersAreRight(done.id, ['c-folder', 'z-folder']);
      });
    });
  }
});

// F13: what changed is stored, whatever its size and mtime say.
describe('a file whose size and mtime are as before', () => {
  const old = 'the old content, sixty-four characters long, with a line break.\n';
  const fresh = 'the new content, sixty-four characters long, with a line break.\n';

  test.each<[string, () => void]>([
    [
      'touch -r after a write',
      () => {
        execFileSync('touch', ['-r', at('file'), join(machine.folder, 'reference')]);
        writeFileSync(at('file'), fresh);
        execFileSync('touch', ['-r', join(machine.folder, 'reference'), at('file')]);
      },
    ],
    [
      'another file renamed over it',
      () => {
        writeFileSync(join(machine.folder, 'other'), fresh);
        execFileSync('touch', ['-r', at('file'), join(machine.folder, 'other')]);
        renameSync(join(machine.folder, 'other'), at('file'));
      },
    ],
    [
      'written through a memory map, then touched',
      () => {
        execFileSync('touch', ['-r', at('file'), join(machine.folder, 'reference')]);
        const program = `import mmap,sys
with open(sys.argv[1],"r+b") as f, mmap.mmap(f.fileno(),0) as m: m[0:len(sys.argv[2])]=sys.argv[2].encode()`;
        execFileSync('python3', ['-c', program, at('file'), fresh]);
        execFileSync('touch', ['-r', join(machine.folder, 'reference'), at('file')]);
      },
    ],
  ])('%s', async (_, change) => {
    writeFileSync(at('file'), old);
    writeFileSync(at('other'), 'as it was');
    await machine.backup();
    const {mtimeNs, size} = lstatSync(at('file'), {bigint: true});
    change();
    expect(lstatSync(at('file'), {bigint: true})).toMatchObject({mtimeNs, size});
    expect(readFileSync(at('file'), 'utf8')).toBe(fresh);
    const next = await machine.backup();
    expect(next).toMatchObject({kind: 'incremental', warnings: []});
    expect(readFileSync(join(await machine.restored(next.id), 'file'), 'utf8')).toBe(fresh);
  });

  test('written again in the tick of the clock in which it was listed: files so young are read again', async () => {
    writeFileSync(at('file'), old);
    const {ctimeMs} = lstatSync(at('file'));
    const read = async (afterMs: number): Promise<number> => {
      const now = (): Date => new Date(ctimeMs + afterMs);
      return (await machine.backup({}, {}, {now})).bytes.read;
    };
    expect(await read(10), 'the first reads').toBe(old.length);
    expect(await read(10_000), 'the one after an uncertain one reads again').toBe(old.length);
    expect(await read(20_000), 'then it is known').toBe(0);
  });

  test('a full backup reads everything again', async () => {
    writeFileSync(at('file'), old);
    execFileSync('touch', ['-d', '2020-01-01', at('file')]);
    const now = (): Date => new Date(Date.now() + 60_000);
    await machine.backup({}, {}, {now});
    expect((await machine.backup({}, {}, {now})).bytes.read).toBe(0);
    expect(await machine.backup({full: true}, {}, {now})).toMatchObject({
      kind: 'full',
      bytes: {read: old.length},
    });
  });
});

test('an incremental right after the full, again and again, never keeps an old content', async () => {
  // The window between a listing and the next write is where size and times say nothing (F13).
  writeFileSync(at('file'), 'round -1');
  await machine.backup();
  for (let round = 0; round < 8; round++) {
    writeFileSync(at('file'), `round ${round}`.padStart(8, ' ').slice(0, 8));
    const {id} = await machine.backup();
    expect(readFileSync(join(await machine.restored(id), 'file'), 'utf8')).toBe(
      readFileSync(at('file'), 'utf8'),
    );
  }
});

test('a real writer at full speed while it is read: what is stored is consistent with itself', async () => {
  // F1 with another process, whatever the timing: the run ends, the tree's size is that of the bytes.
  writeFileSync(at('log'), noise(1 << 20, 'log'));
  const {pid} = await new Promise<{pid: number}>((resolve) => {
    const child = spawnSync(
      'sh',
      ['-c', `(while :; do echo line >> "${at('log')}"; done) >/dev/null 2>&1 & echo $!`],
      {
        encoding: 'utf8',
      },
    );
    resolve({pid: Number(child.stdout)});
  });
  try {
    const done = await machine.backup();
    const kept = readFileSync(join(await machine.restored(done.id), 'log'));
    expect(readFileSync(at('log')).subarray(0, kept.length).equals(kept)).toBe(true);
    expect(await machine.verify()).toMatchObject({ok: true});
  } finally {
    process.kill(pid);
  }
});
