/** Trees that a stolen agent signs: names that lead out, links, sizes and depths without end (TESTING.md D17-D21, D24). */
import {spawnSync} from 'node:child_process';
import {createWriteStream, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {finished} from 'node:stream/promises';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {displayName} from '../../src/cli/terminal.ts';
import {restoreToTar} from '../../src/operations/restore.ts';
import type {BlobId} from '../../src/repository/layout.ts';
import {openRepository} from '../../src/repository/repository.ts';
import {decodeEntry, type TreeEntry} from '../../src/repository/tree.ts';
import {walkTrees} from '../../src/repository/tree-walk.ts';
import {Attacker, type Forgery, line} from '../support/attacker.ts';
import {Machine} from '../support/machine.ts';
import {describeTree} from '../support/trees.ts';

let machine: Machine;
let honest: string;

beforeAll(async () => {
  machine = await Machine.create();
  writeFileSync(join(machine.source, 'file'), 'honest');
  honest = String((await machine.backup()).id);
});
afterAll(() => machine[Symbol.asyncDispose]());

const content = Buffer.from('evil');
const evil = (attacker: Attacker) => ({size: content.length, content: [attacker.blobId(content)]});
const byName = (a: string, b: string): number => Buffer.compare(decodeEntry(a).name, decodeEntry(b).name);

async function forged(
  attacker: Attacker,
  lines: readonly string[],
  more: Partial<Forgery> = {},
): Promise<string> {
  const {seal} = await attacker.forge({
    signer: machine.agent,
    blobs: [content],
    parts: [[...lines].sort(byName)],
    ...more,
  });
  return seal.snapshot.id;
}

/** The folder beside which things are restored, without what was restored. */
function around(to: string): unknown {
  return describeTree(join(to, '..', '..', '..')).filter(
    ({path, type}) => !path.includes('/to') && type !== 'directory',
  );
}

describe('D17: names that are no names', () => {
  const names = [
    '../x',
    '/x',
    'a/../../x',
    '.',
    '..',
    '',
    'a\0b',
    '/',
    '../../../../../../../../tmp/holdfast-escaped',
  ];
  test.each(names)('%j is refused, the rest is restored', async (name) => {
    const attacker = new Attacker(machine);
    const id = await forged(attacker, [line(name, evil(attacker)), line('fine', evil(attacker))]);
    const {to, warnings} = await attacker.client().restore(id);
    expect(readdirSync(to)).toEqual(['fine']);
    expect(warnings.map(({problem}) => problem)).toEqual([
      'its name is not allowed (empty, ".", "..", or with "/" or NUL)',
    ]);
    expect(spawnSync('ls', ['/tmp/holdfast-escaped']).status).not.toBe(0);
  });

  test('directories, links and devices of such names are refused, with all that is in them', async () => {
    const attacker = new Attacker(machine);
    const inner = Buffer.from(`${line('x', evil(attacker))}\n`);
    const id = await forged(
      attacker,
      [
        line('..', {type: 'directory', tree: [attacker.blobId(inner)]}),
        line('../link', {type: 'symlink', target: '/etc'}),
        line('../pipe', {type: 'fifo'}),
      ],
      {blobs: [content, inner]},
    );
    const {to, warnings} = await attacker.client().restore(id);
    expect(readdirSync(to)).toEqual([]);
    expect(warnings).toHaveLength(3);
    expect(around(to)).toEqual(expect.not.arrayContaining([expect.objectContaining({path: 'x'})]));
  });

  // Windows' rules are not ours: on Linux these are names like any other.
  test.each(['C:\\x', '..\\x', 'dot.', 'con', '%2e%2e'])('%j is a name here', async (name) => {
    const attacker = new Attacker(machine);
    const id = await forged(attacker, [line(name, evil(attacker))]);
    expect(readdirSync((await attacker.client().restore(id)).to)).toEqual([name]);
  });

  test('an archive for tar has no such names', async () => {
    const attacker = new Attacker(machine);
    const inner = Buffer.from(`${line('x', evil(attacker))}\n`);
    const id = await forged(
      attacker,
      [
        line('..', {type: 'directory', tree: [attacker.blobId(inner)]}),
        ...['../y', '/z', 'a\0b', 'fine'].map((name) => line(name, evil(attacker))),
      ],
      {blobs: [content, inner]},
    );
    const {history, trusted} = await attacker.client().look();
    const source = history.sources[0];
    const seal = source?.seals.find((candidate) => candidate.snapshot.id === id);
    if (source === undefined || seal === undefined) throw new Error('not found');
    const path = join(attacker.folder, '..', 'out.tar');
    const output = createWriteStream(path);
    const context = {
      repository: await openRepository(attacker.target),
      agents: trusted.keys,
      key: machine.privateKey,
    };
    const {warnings} = await restoreToTar(context, source, seal, output, {});
    output.end();
    await finished(output);
    expect(spawnSync('tar', ['-tf', path], {encoding: 'utf8'}).stdout).toBe('fine\n');
    expect(warnings).toHaveLength(4);
  });
});

describe('D18: links', () => {
  test('nothing is written through a link, nor linked to what is outside', async () => {
    const attacker = new Attacker(machine);
    const victim = join(attacker.folder, '..', 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'precious'), 'precious');
    const before = describeTree(victim);
    const inner = Buffer.from(`${line('precious', evil(attacker))}\n`);
    const folder = {type: 'directory', tree: [attacker.blobId(inner)]};
    // Two parts of one directory: first the link, then a folder of the same name.
    const {seal} = await attacker.forge({
      signer: machine.agent,
      blobs: [content, inner],
      parts: [
        [
          line('escape', {type: 'symlink', target: victim}),
          line('zz', {type: 'symlink', target: `${victim}/precious`}),
        ],
        [line('escape', folder)],
      ],
    });
    const {to, damaged} = await attacker.client().restore(seal.snapshot.id);
    expect(describeTree(victim)).toEqual(before);
    expect(damaged.map(({problem}) => problem.replace(/^tree [0-9a-f]{16}…: /, ''))).toEqual([
      'it does not follow the part before it',
    ]);
    expect(lstatSync(join(to, 'escape')).isSymbolicLink()).toBe(true);
    const {ok, problems} = await attacker.client().verify();
    expect({ok, affects: problems[0]?.affects}).toEqual({ok: false, affects: [`${seal.snapshot.id}:/`]});
  });

  test('hard links to nowhere are files of their own', async () => {
    const attacker = new Attacker(machine);
    const id = await forged(attacker, [
      line('a', {type: 'symlink', target: '/etc/passwd', hardlink: 'one'}),
      line('b', {...evil(attacker), hardlink: 'one'}),
      line('c', {...evil(attacker), hardlink: '../../etc/passwd'}),
      line('d', {...evil(attacker), hardlink: '__proto__'}),
    ]);
    const {to} = await attacker.client().restore(id);
    expect(readFileSync('/etc/passwd', 'utf8')).not.toBe('evil');
    for (const name of ['c', 'd']) expect(readFileSync(join(to, name), 'utf8')).toBe('evil');
    expect(lstatSync(join(to, 'a')).isSymbolicLink()).toBe(true);
  });
});

// D19: no name twice, in whatever part; what another file system takes for the same is the writer's to find.
test.each([
  ['the same name twice', ['a', 'a']],
  ['names out of order', ['b', 'a']],
])('%s in one listing', async (_what, names) => {
  const attacker = new Attacker(machine);
  const {seal} = await attacker.forge({
    signer: machine.agent,
    blobs: [content],
    parts: [names.map((name) => line(name, evil(attacker)))],
  });
  const {to, damaged} = await attacker.client().restore(seal.snapshot.id);
  expect(readdirSync(to)).toEqual([]);
  expect(damaged.map(({problem}) => problem.replace(/^tree [0-9a-f]{16}…: /, ''))).toEqual([
    'a tree is not in order',
  ]);
});

// D20: only with the explicit flag.
test('setuid bits, devices, owners and security attributes stay out where they are not wanted', async () => {
  const attacker = new Attacker(machine);
  const id = await forged(attacker, [
    line('setuid', {...evil(attacker), mode: '4755', uid: 0, gid: 0}),
    line('device', {type: 'chardevice', device: [1, 1]}),
    line('capable', {...evil(attacker), xattrs: {'security.capability': 'AQAAAgAEAAAAAAAAAAAAAAAAAAA='}}),
    line('foreign', {...evil(attacker), uid: 12_345, gid: 54_321}),
  ]);
  const {to} = await attacker.client().restore(id, {owners: false, special: false});
  const entries = describeTree(to, {root: false});
  expect(entries.map(({path, mode}) => `${path} ${mode}`)).toEqual([
    'capable 644',
    'foreign 644',
    'setuid 755',
  ]);
  for (const {uid, xattrs} of entries) {
    expect(uid).toBe(process.geteuid?.());
    expect(xattrs?.['security.capability']).toBeUndefined();
  }
});

describe('D21: sizes without end', () => {
  // The rest is restored, nothing is allocated, and it does not take long.
  test.each([
    ['8 EiB of hole', {size: Number.MAX_SAFE_INTEGER, extents: [], content: []}],
    ['2^53 bytes that are 4', {size: Number.MAX_SAFE_INTEGER}],
    ['a hole that is not there', {size: 4, extents: [[2 ** 52, 4]]}],
    ['extents without end', {size: 10, extents: Array.from({length: 100_000}, (_, at) => [at * 2, 1])}],
    ['a negative size', {size: -1}],
    ['a size that is text', {size: '4'}],
    ['no content', {content: undefined}],
    ['content of no blobs', {content: ['0'.repeat(64)]}],
    ['10^5 times one blob', {size: 4, content: 100_000}],
    ['ids that are not ids', {content: ['../../etc/passwd']}],
    ['content and contentIn', {contentIn: []}],
    ['a user beyond 2^32', {uid: Number.MAX_SAFE_INTEGER}],
    ['a time beyond time', {mtime: '9999999999999999999'}],
    ['a mode beyond modes', {mode: '777777'}],
    ['a device that is none', {type: 'chardevice', device: [2 ** 52, -1]}],
    ['a device beyond devices', {type: 'blockdevice', device: [2 ** 52, 2 ** 52]}],
    ['an attribute of 1 MiB', {xattrs: {'user.x': 'A'.repeat(2 ** 20)}}],
    ['attributes in __proto__', JSON.parse('{"xattrs":{"__proto__":"AAAA"}}') as object],
    ['a target of 1 MiB', {type: 'symlink', target: 'x'.repeat(2 ** 20)}],
    ['a target with NUL', {type: 'symlink', target: 'a\0b'}],
    ['no type', {type: 'constructor'}],
    ['a name of 1 MiB', {name: 'b'.repeat(2 ** 20)}],
  ])('%s', async (_what, change) => {
    const attacker = new Attacker(machine);
    const more: Record<string, unknown> = {...evil(attacker), ...change};
    if (typeof more['content'] === 'number')
      more['content'] = new Array(more['content']).fill(attacker.blobId(content));
    const id = await forged(attacker, [], {parts: [[line('bad', more)], [line('fine', evil(attacker))]]});
    const start = performance.now();
    const before = process.memoryUsage.rss();
    const client = attacker.client();
    const {to} = await client.restore(id);
    await client.verify();
    expect(readFileSync(join(to, 'fine'), 'utf8')).toBe('evil');
    const bad = lstatSync(join(to, 'bad'), {throwIfNoEntry: false});
    if (bad?.isFile()) expect(bad.blocks * 512).toBeLessThan(2 ** 20);
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 2 ** 20);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect((await client.restore(honest)).damaged).toEqual([]);
  });

  test('contentIn that names itself, or ids without number', async () => {
    const attacker = new Attacker(machine);
    const list = Buffer.alloc(32 * 250_000, Buffer.from(attacker.blobId(content), 'hex'));
    const id = await forged(
      attacker,
      [
        line('list', {content: undefined, size: 4, contentIn: new Array(2000).fill(attacker.blobId(list))}),
        line('odd', {content: undefined, size: 4, contentIn: [attacker.blobId(content)]}),
      ],
      {blobs: [content, list]},
    );
    const client = attacker.client();
    const before = process.memoryUsage.rss();
    const {to, damaged, warnings} = await client.restore(id);
    expect(readdirSync(to)).toEqual([]);
    expect(damaged.map(({path, problem}) => `${path}: ${problem.replace(/^.*: /, '')}`)).toEqual([
      'list: it does not fit into the size of its file',
      'odd: it is not a list of blob ids',
    ]);
    expect(warnings).toEqual([]);
    expect((await client.verify()).problems.flatMap(({affects}) => affects)).toEqual([
      `${id}:list`,
      `${id}:odd`,
    ]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 2 ** 20);
  }, 20_000);

  test('billions of entries in shared trees end at the count of the seal', async () => {
    const attacker = new Attacker(machine);
    const blobs: Buffer[] = [content];
    let tree: string[] = [];
    for (let level = 0; level < 20; level++) {
      const blob = Buffer.from(
        `${Array.from({length: 10}, (_, at) => line(String(at), {type: 'directory', tree})).join('\n')}\n`,
      );
      blobs.push(blob);
      tree = [attacker.blobId(blob)];
    }
    const id = await forged(attacker, [line('laughs', {type: 'directory', tree})], {blobs, total: 2000});
    const client = attacker.client();
    await expect(client.restore(id)).rejects.toMatchObject({code: 'DAMAGED', exitCode: 4});
    const {problems} = await client.verify();
    expect(problems.map(({problem}) => problem)).toEqual([
      'the snapshot has more entries than its seal says',
    ]);
    expect((await client.restore(honest)).damaged).toEqual([]);
  });

  // Walked without a repository: 10^5 folders would be 10^5 blobs.
  test('a tree of depth 10^5 is given up, in bounded memory', async () => {
    const directory = (tree: string): TreeEntry => ({
      ...decodeEntry(line('deep', {type: 'directory', tree: []})),
      tree: [tree as BlobId],
    });
    let reached = 0;
    const problems: string[] = [];
    const before = process.memoryUsage.rss();
    await walkTrees(
      {readTree: async (id) => (reached++ < 100_000 ? [directory(String(Number(id) + 1))] : [])},
      directory('1'),
      Number.MAX_SAFE_INTEGER,
      {enter: () => true, entry: () => {}, damaged: (_path, error) => problems.push(error.message)},
    );
    expect(problems).toEqual([expect.stringMatching(/: it is too deep$/)]);
    expect(reached).toBeGreaterThan(5000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(600 * 2 ** 20);
  });
});

// D24
test('escapes, line breaks and text that runs backwards reach a terminal as what they are', async () => {
  const attacker = new Attacker(machine);
  const names = ['\x1b[2J\x1b]0;owned\x07', 'a\nb', '\u202egpj.exe', '\u200b'];
  const id = await forged(
    attacker,
    names.map((name) => line(name, {...evil(attacker), content: ['0'.repeat(64)]})),
  );
  const {damaged} = await attacker.client().restore(id);
  expect(damaged.map(({path}) => path).sort()).toEqual([...names].sort());
  for (const {path} of damaged) expect(displayName(path)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  expect(JSON.parse(JSON.stringify(damaged))).toEqual(damaged);
});
