/**
 * Golden vectors: repositories that released formats left behind, which all later code must verify, restore, and find
 * damaged where they are. How they were made: test/fixtures/repositories/make-*.ts; they are never made again.
 */
import {createHash} from 'node:crypto';
import {cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as openpgp from 'openpgp';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {readPrivateKey, unlockPrivateKey} from '../src/crypto/private-key.ts';
import {EXIT, NewerFormatError} from '../src/errors.ts';
import {verify} from '../src/operations/verify.ts';
import {openRepository} from '../src/repository/repository.ts';
import {FileTarget} from '../src/targets/file.ts';
import {Client} from './support/attacker.ts';
import {asRoot, leftOut} from './support/skips.ts';
import {run} from './support/tree-pieces.ts';
import {describeTree, type EntryDescription} from './support/trees.ts';

const LEVELS = ['structure', 'ciphertext', 'content'] as const;
const VECTOR = join(import.meta.dirname, 'fixtures', 'repositories', 'v1-basic');
const HASHED = 'its content does not match its name';
const FILES = 'files cannot be restored whole';

type ExpectedEntry = Omit<EntryDescription, 'uid' | 'gid'>;

const expected = JSON.parse(readFileSync(join(VECTOR, 'expected.json'), 'utf8')) as {
  repository: string;
  agent: string;
  snapshots: {id: string; kind: string; entries: ExpectedEntry[]}[];
};
const [first = '', second = ''] = expected.snapshots.map(({id}) => id);
const isRoot = asRoot('golden vectors: setuid, setgid and sticky bits');
const hasGetfattr = run('.', 'getfattr', '--version');

let scratch: string;
let key: openpgp.PrivateKey;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-golden-'));
  const path = join(VECTOR, 'recipient.private.asc');
  key = await unlockPrivateKey(await readPrivateKey(readFileSync(path), path), undefined);
  if (!hasGetfattr) leftOut('golden vectors: extended attributes', 'getfattr is missing (apt install attr)');
});
afterAll(() => rmSync(scratch, {recursive: true, force: true}));

/** A copy of the frozen repository, and somebody who has never seen it: no catalog, no memory. */
class Copy {
  readonly folder = join(mkdtempSync(join(scratch, 'copy-')), 'repository');

  constructor() {
    cpSync(join(VECTOR, 'repository'), this.folder, {recursive: true});
  }

  client(): Client {
    return new Client(new FileTarget(this.folder), key, scratch);
  }

  objects(matching: RegExp): string[] {
    return readdirSync(this.folder, {recursive: true, encoding: 'utf8'})
      .filter((name) => matching.test(name))
      .sort();
  }

  edit(name: string, change: (bytes: Buffer) => Uint8Array | string): void {
    const path = join(this.folder, name);
    const bytes = readFileSync(path);
    rmSync(path);
    writeFileSync(path, change(bytes));
  }

  flip(name: string, at: number): void {
    this.edit(name, (bytes) => {
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      return bytes;
    });
  }

  /** The objects that the seal names itself. */
  async needs(snapshot: string): Promise<{packs: string[]; index: string[]; seal: string}> {
    const {history} = await this.client().look();
    const seal = history.sources[0]?.seals.find((candidate) => candidate.snapshot.id === snapshot);
    const named = (objects: readonly (readonly [string, number])[] = []): string[] =>
      objects.flatMap(([hash]) => this.objects(new RegExp(`${hash}[.]pgp$`)));
    return {
      packs: named(seal?.needs.packs),
      index: named(seal?.needs.index),
      seal: this.objects(new RegExp(`seals/.*-${snapshot}[.]asc$`))[0] ?? '',
    };
  }
}

/** What the vector says of a tree: of what this user could restore, and this machine can tell. */
function tellable(entries: readonly (ExpectedEntry & {uid?: number; gid?: number})[]): ExpectedEntry[] {
  return entries.map(({uid, gid, sparse, xattrs, mode, ...entry}) => {
    const ours = Object.entries(xattrs ?? {}).filter(([name]) => name.startsWith('user.'));
    return {
      ...entry,
      mode: isRoot ? mode : (Number.parseInt(mode, 8) & 0o777).toString(8),
      ...(hasGetfattr && ours.length > 0 && {xattrs: Object.fromEntries(ours)}),
      ...(entry.path === 'sparse' && {sparse}),
    };
  });
}

async function expectWhole(client: Client): Promise<void> {
  for (const level of LEVELS)
    expect(await client.verify(level)).toMatchObject({
      ok: true,
      level,
      problems: [],
      snapshots: 2,
      unfinished: 0,
    });
  for (const {id, entries} of expected.snapshots) {
    const {to, damaged} = await client.restore(id);
    expect(damaged).toEqual([]);
    expect(tellable(describeTree(to))).toEqual(tellable(entries));
  }
}

describe('format 1, v1-basic', () => {
  test('is whole at every level, and both snapshots come back', async () => {
    const copy = new Copy();
    await expectWhole(copy.client());
  });

  test('names the repository, the agent and the snapshots that it was made with', async () => {
    const copy = new Copy();
    const {history, trusted} = await copy.client().look();
    expect((await openRepository(new FileTarget(copy.folder))).id).toBe(expected.repository);
    expect(trusted).toMatchObject({metFirst: expected.agent, strangers: [], lost: []});
    expect(
      history.sources.map(({source, seals}) => [source, seals.map(({kind, sequence}) => [sequence, kind])]),
    ).toEqual([
      [
        'files',
        [
          [1, 'full'],
          [2, 'incremental'],
        ],
      ],
    ]);
    expect(existsSync(join(copy.folder, 'RECOVERY.md'))).toBe(false);
  });

  // Content without the key is not asked for: what the storage shows is enough for these two.
  test.each(['structure', 'ciphertext'] as const)(
    'verifies without any key at the level of %s',
    async (level) => {
      const copy = new Copy();
      const {history, trusted} = await copy.client().look();
      const repository = await openRepository(new FileTarget(copy.folder));
      expect(await verify({repository, agents: trusted.keys}, history, {level})).toMatchObject({
        ok: true,
        problems: [],
        snapshots: 2,
      });
    },
  );

  test('reads from a copy that nobody may write to, and leaves it as it is', async () => {
    const copy = new Copy();
    run(copy.folder, 'chmod', '-R', 'a-w', '.');
    const before = describeTree(copy.folder); // Permissions do not stop root; the times of folders show what was written.
    try {
      await expectWhole(copy.client());
      expect(describeTree(copy.folder)).toEqual(before);
    } finally {
      run(copy.folder, 'chmod', '-R', 'u+w', '.');
    }
  });
});

describe('format 1, v1-deltas and v1-repacked', () => {
  test.each(['v1-deltas', 'v1-repacked'])(
    '%s: versions of a dump that are stored as deltas: whole at every level, and each comes back',
    async (name) => {
      const vector = join(import.meta.dirname, 'fixtures', 'repositories', name);
      const {snapshots} = JSON.parse(readFileSync(join(vector, 'expected.json'), 'utf8')) as {
        snapshots: {id: string; size: number; sha256: string}[];
      };
      const path = join(vector, 'recipient.private.asc');
      const opener = await unlockPrivateKey(await readPrivateKey(readFileSync(path), path), undefined);
      const client = new Client(new FileTarget(join(vector, 'repository')), opener, scratch);
      for (const level of LEVELS)
        expect(await client.verify(level)).toMatchObject({ok: true, problems: [], snapshots: 3});
      for (const {id, size, sha256} of snapshots) {
        const {to, damaged} = await client.restore(id);
        expect(damaged).toEqual([]);
        const content = readFileSync(join(to, 'db.sql'));
        expect(content.length).toBe(size);
        expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
      }
    },
  );
});

describe('format 1, v1-basic, damaged', () => {
  test('a flipped bit in a pack: its bytes show it, and the key says which files', async () => {
    const copy = new Copy();
    const {packs} = await copy.needs(second);
    const [object = ''] = packs.sort((a, b) => sizeOf(copy, b) - sizeOf(copy, a));
    copy.flip(object, sizeOf(copy, object) >> 1);
    const told = {object, problem: HASHED, affects: [second]};
    expect(await copy.client().verify('structure')).toMatchObject({ok: true, problems: []});
    expect(await copy.client().verify('ciphertext')).toMatchObject({ok: false, problems: [told]});
    const {ok, problems} = await copy.client().verify('content');
    expect(ok).toBe(false);
    expect(problems).toHaveLength(2);
    expect(problems).toContainEqual(told);
    expect(problems.find(({problem}) => problem === FILES)).toMatchObject({
      object,
      affects: expect.arrayContaining([`${second}:large.txt`]) as string[],
    });
    await expectFirst(copy);
  });

  test('a pack of the first snapshot is missing: both snapshots are affected, at every level', async () => {
    const copy = new Copy();
    const {packs} = await copy.needs(first);
    const [object = ''] = packs.sort((a, b) => sizeOf(copy, b) - sizeOf(copy, a));
    rmSync(join(copy.folder, object));
    for (const level of LEVELS) {
      const {ok, problems} = await copy.client().verify(level);
      expect(ok).toBe(false);
      const told = problems.find(({problem}) => problem === 'it is missing');
      expect({...told, affects: [...(told?.affects ?? [])].sort()}).toEqual({
        object,
        problem: 'it is missing',
        affects: [first, second].sort(),
      });
      expect(problems.map((problem) => problem.object)).toEqual(problems.map(() => object));
    }
    const {damaged} = await copy.client().restore(second);
    expect(damaged).not.toEqual([]);
  });

  test('the first seal is missing: the chain has a gap, and what builds on it is not known', async () => {
    const copy = new Copy();
    const {seal: removed} = await copy.needs(first);
    const {seal: object} = await copy.needs(second);
    rmSync(join(copy.folder, removed));
    for (const level of LEVELS) {
      const {ok, problems} = await copy.client().verify(level);
      expect(ok).toBe(false);
      expect(problems).toContainEqual({
        object,
        problem: 'seal 1 of files before it: missing',
        affects: [],
      });
      expect(problems).toContainEqual({
        object,
        problem: 'a seal that it builds on is missing, so what it needs is not known',
        affects: [second],
      });
    }
  });

  test('a truncated index: its size shows it at every level, and the other snapshot restores', async () => {
    const copy = new Copy();
    const [object = ''] = (await copy.needs(second)).index;
    const size = sizeOf(copy, object);
    copy.edit(object, (bytes) => bytes.subarray(0, size - 1));
    for (const level of LEVELS) {
      const {ok, problems} = await copy.client().verify(level);
      expect(ok).toBe(false);
      expect(problems).toContainEqual({
        object,
        problem: `it has ${size - 1} bytes instead of ${size}`,
        affects: [second],
      });
      if (level !== 'content') expect(problems).toHaveLength(1);
    }
    await expectFirst(copy);
  });

  test('a flipped bit in the signature of the newest seal: it seals nothing, the snapshot before it is whole', async () => {
    const copy = new Copy();
    const {seal: object} = await copy.needs(second);
    // The Ed25519 signature is the end of the last packet. Its armor is made anew, so that the signature itself is what is wrong.
    const {data} = await openpgp.unarmor(readFileSync(join(copy.folder, object), 'latin1'));
    const bytes = Buffer.from(data as Uint8Array);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    copy.edit(object, () => openpgp.armor(openpgp.enums.armor.message, new Uint8Array(bytes)));
    for (const level of LEVELS) {
      const {ok, problems} = await copy.client().verify(level);
      expect(ok).toBe(false);
      expect(problems.map((problem) => problem.object)).toEqual([object]);
      expect(problems[0]).toMatchObject({affects: [second]});
      expect(problems[0]?.problem).toMatch(/signature/i);
    }
    await expectFirst(copy);
  });

  test('a newer format is refused by name, before anything else is read', async () => {
    const copy = new Copy();
    copy.edit('holdfast.json', (bytes) => bytes.toString('utf8').replace('"format":1', '"format":2'));
    const opened = openRepository(new FileTarget(copy.folder));
    await expect(opened).rejects.toBeInstanceOf(NewerFormatError);
    await expect(opened).rejects.toMatchObject({
      code: 'FORMAT_NEWER',
      exitCode: EXIT.usage,
      message: expect.stringMatching(/has format 2; this Holdfast reads up to 1/) as string,
    });
    for (const level of LEVELS)
      await expect(copy.client().verify(level)).rejects.toBeInstanceOf(NewerFormatError);
    await expect(copy.client().restore(first)).rejects.toBeInstanceOf(NewerFormatError);
  });
});

function sizeOf(copy: Copy, name: string): number {
  return readFileSync(join(copy.folder, name)).length;
}

async function expectFirst(copy: Copy): Promise<void> {
  const {to, damaged} = await copy.client().restore(first);
  expect(damaged).toEqual([]);
  expect(tellable(describeTree(to))).toEqual(tellable(expected.snapshots[0]?.entries ?? []));
}
