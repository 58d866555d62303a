/** Hostile storage against the history: replayed, removed, moved, forged and edited seals (TESTING.md D3-D16, I3, I7). */
import {cpSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import * as openpgp from 'openpgp';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {armor, signMessage, unarmor} from '../../src/crypto/message.ts';
import {packetHeader, readPackets} from '../../src/crypto/packets.ts';
import {EXIT} from '../../src/errors.ts';
import {type Agent, newAgent} from '../../src/repository/agent.ts';
import {enrolAgent} from '../../src/repository/agents.ts';
import {canonicalJson, type Json} from '../../src/repository/canonical.ts';
import {findRepository} from '../../src/repository/repository.ts';
import type {Seal} from '../../src/repository/seal.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {Attacker, line} from '../support/attacker.ts';
import {Machine} from '../support/machine.ts';

let machine: Machine;
/** In order; the last one is in a second generation. */
const ids: string[] = [];

beforeAll(async () => {
  machine = await Machine.create();
  for (const [round, full] of [
    ['first', false],
    ['second', false],
    ['third', true],
  ] as const) {
    writeFileSync(join(machine.source, 'file'), round);
    ids.push(String((await machine.backup({full})).id));
  }
  await machine.backup({}, {name: 'other'});
});
afterAll(() => machine[Symbol.asyncDispose]());

const seals = (attacker: Attacker, source = 'files'): string[] =>
  attacker.objects(new RegExp(`^${source}/.*/seals/`)).sort((a, b) => (a.slice(-31) < b.slice(-31) ? -1 : 1));

/** Sealed with whatever key: the payload as it stands. */
async function signed(payload: string | Uint8Array, agent: Agent): Promise<Buffer> {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return Buffer.from(armor(await signMessage(bytes, agent.key, new Date())));
}

/** What every attack must leave alone: snapshots whose own objects are as they were. */
async function expectRestores(attacker: Attacker, id: string | undefined, content: string): Promise<void> {
  const {to, damaged} = await attacker.client().restore(String(id));
  expect(damaged).toEqual([]);
  expect(readFileSync(join(to, 'file'), 'utf8')).toBe(content);
}

test('nothing is wrong before the attacks', async () => {
  const attacker = new Attacker(machine);
  expect(await attacker.client().verify()).toMatchObject({ok: true, problems: [], snapshots: 4});
});

describe('replay and removal', () => {
  // D5, C9: a complete and consistent older state.
  test('an older state is refused by the VM and by a client with memory; a stranger cannot know', async () => {
    const attacker = new Attacker(machine);
    const client = attacker.client();
    expect(await client.complaints()).toEqual([]);
    const [, , newest = ''] = seals(attacker);
    attacker.remove(newest);
    const complaint =
      'files: the storage has seal 2 as its newest, older than seal 3 seen before: rolled back or emptied';
    expect(await client.complaints()).toEqual([complaint]);
    expect((await client.verify('structure')).problems).toMatchObject([{object: 'files', affects: []}]);
    expect(await attacker.client().complaints()).toEqual([]);
    await expectRestores(attacker, ids[1], 'second');
  });

  // D5, D7: the VM itself makes no seal on top of a rolled back history.
  test('the VM does not go on from a rolled back history', async () => {
    await using vm = await Machine.create();
    writeFileSync(join(vm.source, 'file'), '1');
    await vm.backup();
    cpSync(vm.repositoryFolder, join(vm.folder, 'old'), {recursive: true});
    writeFileSync(join(vm.source, 'file'), '2');
    await vm.backup();
    vm.target = new FileTarget(join(vm.folder, 'old'));
    vm.repository = {...vm.repository, target: vm.target};
    await expect(vm.backup()).rejects.toMatchObject({code: 'TAMPERED', exitCode: EXIT.notVerified});
  });

  // D6: the newest seal of the old set, packs of the new one, and the other way round.
  test('seals and packs of two times do not mix', async () => {
    const attacker = new Attacker(machine);
    const generation = seals(attacker)[0]?.split('/')[1];
    for (const name of attacker.objects(new RegExp(`^files/${generation}/(packs|index)/`))) {
      const seal = await attacker.sealPayload(String(seals(attacker)[0]));
      if (
        !seal.needs.packs.some(([hash]) => name.includes(hash)) &&
        !seal.needs.index.some(([hash]) => name.includes(hash))
      )
        attacker.remove(name);
    }
    const result = await attacker.client().verify('structure');
    expect(result.problems.length).toBeGreaterThan(0);
    for (const {problem, affects} of result.problems) {
      expect(problem).toBe('it is missing');
      expect(affects).toEqual([ids[1]]);
    }
    await expectRestores(attacker, ids[0], 'first');
  });

  // D8, D7
  test.each([0, 1])('a removed seal (%i) that is not the newest is noticed by everybody', async (which) => {
    const attacker = new Attacker(machine);
    const list = seals(attacker);
    attacker.remove(String(list[which]));
    expect(await attacker.client().complaints()).toEqual([
      `${list[which + 1]}: seal ${which + 1} of files before it: missing`,
    ]);
    await expectRestores(attacker, ids[2], 'third');
  });

  // D12: lifecycle rule or delete marker.
  test('an emptied source is noticed by whoever saw it, and does not disturb others', async () => {
    const attacker = new Attacker(machine);
    const client = attacker.client();
    await client.look();
    for (const name of attacker.objects(/^files\//)) attacker.remove(name);
    expect(await client.complaints()).toEqual([
      'files: the storage has no seal as its newest, older than seal 3 seen before: rolled back or emptied',
    ]);
    expect((await client.restore('latest:other')).damaged).toEqual([]);
  });

  // D5: one seal of the same number, another content, validly signed: a thief of the VM, or two clones.
  test('a history that was replaced is noticed by whoever saw the other', async () => {
    const attacker = new Attacker(machine);
    const client = attacker.client();
    await client.look();
    const [, , newest = ''] = seals(attacker);
    const seal = await attacker.sealPayload(newest);
    attacker.remove(newest);
    await attacker.putSeal({...seal, tags: ['other']}, machine.agent);
    expect(await client.complaints()).toEqual([
      'files: seal 3 is not the one seen before: history was replaced',
    ]);
  });

  // D11
  test('two children of one seal are both shown', async () => {
    const attacker = new Attacker(machine);
    const [, , newest = ''] = seals(attacker);
    const seal = await attacker.sealPayload(newest);
    const other = {...seal, snapshot: {...seal.snapshot, id: '0123456789abcdef' as typeof seal.snapshot.id}};
    await attacker.putSeal(other, machine.agent);
    const {history} = await attacker.client().look();
    expect(history.problems).toHaveLength(1);
    expect(history.problems[0]?.problem).toBe('there are two seals number 3 of files: history was forked');
    expect([...(history.problems[0]?.affects ?? [])].sort()).toEqual(['0123456789abcdef', ids[2]].sort());
  });

  // D10: a number or a time that no later seal could follow locks nobody out: without the signature it counts for nothing.
  test('a seal from the end of time is refused, and the next honest one is not', async () => {
    const attacker = new Attacker(machine);
    const client = attacker.client();
    await client.look();
    const seal = await attacker.sealPayload(String(seals(attacker)[2]));
    const late = {...seal, sequence: 9_999_999_999, started: '2099-01-01T00:00:00.000Z'};
    const name = await attacker.putSeal(late, await attacker.own());
    const {fingerprint} = await attacker.own();
    expect(await client.complaints()).toEqual([
      `${name}: it is signed by agent ${fingerprint.slice(0, 16)}…, which is not approved here, or whose key is missing`,
    ]);
    const beyond = {...seal, sequence: Number.MAX_SAFE_INTEGER};
    const foreign = await attacker.putSeal(beyond, machine.agent);
    expect(await client.complaints()).toContain(`${foreign}: it is not named like a seal`);
    attacker.remove(name);
    attacker.remove(foreign);
    expect(await client.complaints()).toEqual([]); // Nothing of it was remembered.
  });
});

describe('forged signers', () => {
  const forgeries: [string, (seal: Seal, attacker: Attacker) => Promise<Uint8Array>][] = [
    ['another key', async (seal, attacker) => signed(text(seal), await attacker.own())],
    [
      'no signature',
      async (seal) =>
        openpgp
          .createMessage({binary: Buffer.from(text(seal))})
          .then((message) => Buffer.from(armor(message.write()))),
    ],
    [
      'its signature stripped',
      async (_seal, attacker) => {
        const bytes = await unarmor(attacker.read(String(seals(attacker)[2])).toString('latin1'));
        const [, literal] = readPackets(bytes);
        if (literal === undefined) throw new Error('no literal');
        return Buffer.from(armor(bytes.subarray(literal.start, literal.bodyStart + literal.bodyLength)));
      },
    ],
    [
      'the signature of another seal',
      async (seal, attacker) => {
        const bytes = await unarmor(attacker.read(String(seals(attacker)[1])).toString('latin1'));
        const [onePass, , signature] = readPackets(bytes);
        if (onePass === undefined || signature === undefined) throw new Error('no signature');
        const content = Buffer.from(text(seal));
        const literal = Buffer.concat([
          packetHeader(11, content.length + 6),
          Buffer.from([0x62, 0, 0, 0, 0, 0]),
          content,
        ]);
        return Buffer.from(
          armor(
            Buffer.concat([
              bytes.subarray(0, onePass.bodyStart + onePass.bodyLength),
              literal,
              bytes.subarray(signature.start),
            ]),
          ),
        );
      },
    ],
    [
      'two signatures, one of them by the agent',
      async (seal, attacker) => {
        const message = await openpgp.createMessage({binary: Buffer.from(text(seal)), format: 'binary'});
        const keys = [machine.agent.key, (await attacker.own()).key];
        return Buffer.from(armor(await openpgp.sign({message, signingKeys: keys, format: 'binary'})));
      },
    ],
    [
      'a cleartext signature',
      async (seal) =>
        Buffer.from(
          await openpgp.sign({
            message: await openpgp.createCleartextMessage({text: text(seal)}),
            signingKeys: machine.agent.key,
          }),
        ),
    ],
  ];
  const text = (seal: Seal): string =>
    canonicalJson({type: 'holdfast-seal', format: 1, ...(seal as unknown as Record<string, Json>)});

  // D13, M1
  test.each(forgeries)('a seal with %s is no snapshot', async (_name, forge) => {
    const attacker = new Attacker(machine);
    const seal = await attacker.newest();
    const next: Seal = {
      ...(await attacker.sealPayload(String(seals(attacker)[2]))),
      sequence: 4,
      previous: seal.hash,
    };
    const name = `files/${next.generation}/seals/0000000004-${next.snapshot.id}.asc`;
    attacker.write(name, await forge(next, attacker));
    const {history} = await attacker.client().look();
    expect(history.problems.map(({object}) => object)).toEqual([name]);
    expect(history.sources.find(({source}) => source === 'files')?.seals).toHaveLength(3);
    expect(await attacker.client().verify('structure')).toMatchObject({ok: false, snapshots: 4});
    await expectRestores(attacker, 'latest:files', 'third');
  });

  // D14: the key is pinned by its fingerprint; the storage can neither replace nor add one.
  test('an agent that the storage adds signs nothing that counts, until it is approved', async () => {
    const attacker = new Attacker(machine);
    const client = attacker.client();
    await client.look();
    const own = await attacker.own();
    const repository = await findRepository(attacker.target);
    if (repository === undefined) throw new Error('no repository');
    await enrolAgent(repository, own.key.toPublic());
    const {objects} = await attacker.forge({parts: [[line('evil')]]});
    expect((await client.look()).trusted).toMatchObject({strangers: [own.fingerprint], lost: []});
    expect(await client.complaints()).toEqual([
      `${objects.seal}: it is signed by agent ${own.fingerprint.slice(0, 16)}…, which is not approved here, or whose key is missing`,
    ]);
    expect((await client.look([own.fingerprint])).trusted.strangers).toEqual([]);
    // Who has never been here must say whom to trust.
    await expect(attacker.client().look()).rejects.toMatchObject({code: 'KEY_UNUSABLE', exitCode: EXIT.key});
    const chosen = await attacker.client().look([machine.agent.fingerprint]);
    expect(chosen.history.problems.map(({object}) => object)).toEqual([objects.seal]);
  });

  // D14: and under the name of the trusted one.
  test.each(['replaced', 'flipped', 'truncated', 'emptied', 'enlarged', 'removed'])(
    'the key of a trusted agent that is %s verifies nothing, and is named',
    async (how) => {
      const attacker = new Attacker(machine);
      const client = attacker.client();
      await client.look();
      const object = attacker.object(/^agents\//);
      const own = await attacker.own();
      if (how === 'replaced') attacker.write(object, own.key.toPublic().armor());
      if (how === 'flipped')
        attacker.edit(object, (bytes) => bytes.toString('latin1').replace(/[a-z]/g, 'A'));
      if (how === 'truncated') attacker.edit(object, (bytes) => bytes.subarray(0, bytes.length / 2));
      if (how === 'enlarged') attacker.write(object, Buffer.alloc(100_000));
      if (how === 'emptied') attacker.write(object, '');
      if (how === 'removed') attacker.remove(object);
      const {trusted, history} = await client.look();
      expect(trusted).toMatchObject({keys: [], strangers: [], lost: [object]});
      expect(history.problems.filter(({object: name}) => name.includes('/seals/'))).toHaveLength(4);
      if (how === 'removed') {
        await expect(attacker.client().look()).rejects.toMatchObject({code: 'KEY_UNUSABLE'});
        return;
      }
      const error = {code: 'DAMAGED', exitCode: EXIT.notVerified, object};
      await expect(attacker.client().look()).rejects.toMatchObject(error);
    },
  );

  // D13: a subkey that the agent did not bind, under the agent's fingerprint.
  test('an unbound subkey in the key of an agent signs nothing', async () => {
    const attacker = new Attacker(machine);
    const object = attacker.object(/^agents\//);
    const key = await openpgp.readKey({armoredKey: attacker.read(object).toString()});
    const own = await openpgp.generateKey({
      userIDs: [],
      subkeys: [{sign: true}],
      type: 'curve25519',
      format: 'object',
      config: {v6Keys: true},
    });
    const stranger = own.privateKey.subkeys[0];
    if (stranger === undefined) throw new Error('no subkey');
    key.subkeys.push(own.publicKey.subkeys[0] as openpgp.Subkey);
    attacker.write(object, key.armor());
    const seal = await attacker.sealPayload(String(seals(attacker)[2]));
    const newest = await attacker.newest();
    const next = {...seal, sequence: 4, previous: newest.hash};
    const name = `files/${next.generation}/seals/0000000004-${next.snapshot.id}.asc`;
    const signer: Agent = {fingerprint: machine.agent.fingerprint, key: own.privateKey};
    attacker.write(name, await signed(text(next), signer));
    expect(await attacker.client().complaints()).toEqual([`${name}: its signature does not verify`]);
  });

  // D13, D15: each agent speaks for itself alone.
  test('an agent cannot sign in the name of another', async () => {
    const attacker = new Attacker(machine);
    const other = await newAgent(new Date(Date.now() - 1000));
    const repository = await findRepository(attacker.target);
    if (repository === undefined) throw new Error('no repository');
    await enrolAgent(repository, other.key.toPublic());
    const newest = await attacker.newest();
    const {hash: _hash, payload: _payload, objectBytes: _objectBytes, ...seal} = newest;
    const name = await attacker.putSeal({...seal, sequence: 4, previous: newest.hash}, other);
    const client = attacker.client();
    const {history} = await client.look([machine.agent.fingerprint, other.fingerprint]);
    expect(history.problems).toEqual([
      {object: name, problem: 'it is signed by another agent than it says', affects: [seal.snapshot.id]},
    ]);
  });
});

describe('objects in other places', () => {
  // D3: source, generation, number and id are signed.
  test.each([
    ['another source', (name: string) => name.replace(/^files/, 'other')],
    ['another number', (name: string) => name.replace(/0000000003/, '0000000004')],
    ['another snapshot', (name: string) => name.replace(/[0-9a-f]{16}\.asc$/, '0123456789abcdef.asc')],
  ])('a seal that is stored as one of %s is refused', async (_what, rename) => {
    const attacker = new Attacker(machine);
    const [, , newest = ''] = seals(attacker);
    const moved = rename(newest);
    attacker.write(moved, attacker.read(newest));
    expect(await attacker.client().complaints()).toContain(`${moved}: it belongs at ${newest}`);
  });

  test('a seal in another generation is refused', async () => {
    const attacker = new Attacker(machine);
    const [first = '', , newest = ''] = seals(attacker);
    const moved = newest.replace(/^files\/[^/]+/, first.split('/').slice(0, 2).join('/'));
    attacker.write(moved, attacker.read(newest));
    expect(await attacker.client().complaints()).toEqual([`${moved}: it belongs at ${newest}`]);
  });

  // D3, I3: two repositories that share a prefix, or one that took in the other.
  test('a seal of another repository is refused, even by its own agent', async () => {
    await using foreign = await Machine.create();
    writeFileSync(join(foreign.source, 'file'), 'foreign');
    await foreign.backup();
    const attacker = new Attacker(machine);
    const theirs = new Attacker(foreign);
    for (const name of theirs.objects(/^(agents|files)\//)) attacker.write(name, theirs.read(name));
    const [name = ''] = seals(theirs);
    const client = attacker.client();
    const {history} = await client.look([machine.agent.fingerprint, foreign.agent.fingerprint]);
    expect(history.problems).toContainEqual({
      object: name,
      problem: 'it belongs to another repository',
      affects: [name.slice(-20, -4)],
    });
    expect(history.sources.find(({source}) => source === 'files')?.seals).toHaveLength(3);
  });

  // I3
  test('sources whose names begin alike are told apart', async () => {
    await using vm = await Machine.create();
    writeFileSync(join(vm.source, 'file'), 'x');
    for (const name of ['a', 'ab', 'a.b', 'a-b']) await vm.backup({}, {name});
    const attacker = new Attacker(vm);
    expect(await attacker.client().verify()).toMatchObject({ok: true, snapshots: 4});
    for (const name of attacker.objects(/^ab\//)) attacker.remove(name);
    expect(await attacker.client().verify()).toMatchObject({ok: true, snapshots: 3});
    expect(existsSync(join((await attacker.client().restore('latest:a')).to, 'file'))).toBe(true);
  });
});

describe('edges of a seal', () => {
  const edits: [string, (text: string) => string, 'inert' | 'refused'][] = [
    ['CRLF', (text) => text.replaceAll('\n', '\r\n'), 'inert'],
    ['a comment header', (text) => text.replace('\n\n', '\nComment: {"sequence":7}\n\n'), 'inert'],
    ['blanks behind lines', (text) => text.replaceAll('\n', ' \n'), 'refused'],
    ['junk before', (text) => `junk\n${text}`, 'refused'],
    ['junk behind', (text) => `${text}junk\n`, 'refused'],
    ['a second block behind', (text) => `${text}${text}`, 'refused'],
    ['a byte order mark', (text) => `\ufeff${text}`, 'refused'],
    ['zeros', (text) => '\0'.repeat(text.length), 'refused'],
    ['nothing', () => '', 'refused'],
    ['half of it', (text) => text.slice(0, text.length / 2), 'refused'],
    ['another headline', (text) => text.replaceAll('PGP MESSAGE', 'PGP SIGNATURE'), 'refused'],
  ];
  // D4, M4: what is around the signed bytes changes nothing, or it is refused. There is no third.
  test.each(edits)('%s', async (_what, edit, expected) => {
    const attacker = new Attacker(machine);
    const [, , newest = ''] = seals(attacker);
    const before = await attacker.newest();
    attacker.edit(newest, (bytes) => Buffer.from(edit(bytes.toString('utf8')), 'utf8'));
    const {history} = await attacker.client().look();
    if (expected === 'refused') {
      expect(history.problems.map(({object}) => object)).toEqual([newest]);
    } else {
      expect(history.problems).toEqual([]);
      expect((await attacker.newest()).payload).toBe(before.payload);
    }
  });

  // D1: no bit of a seal can change what it says.
  test('a flipped bit anywhere is refused or changes nothing', async () => {
    const attacker = new Attacker(machine);
    const [, , newest = ''] = seals(attacker);
    const before = await attacker.newest();
    const {length} = attacker.read(newest);
    for (let at = 0; at < length; at += 61) {
      attacker.flip(newest, at);
      const {history} = await attacker.client().look();
      const now = history.sources.find(({source}) => source === 'files')?.seals.at(-1);
      if (history.problems.length === 0) expect(now?.payload, `byte ${at}`).toBe(before.payload);
      else expect(history.problems[0]?.object).toBe(newest);
      attacker.flip(newest, at);
    }
  });

  const payloads: [string, (payload: string) => string | Uint8Array, string | undefined][] = [
    ['an unknown member', (payload) => payload.replace(/}$/, ',"zzz":1}'), undefined],
    ['__proto__', (payload) => payload.replace('{', '{"__proto__":{"sequence":7},'), undefined],
    [
      'a member twice',
      (payload) => payload.replace('"sequence":3', '"sequence":3,"sequence":3'),
      'it is not canonical JSON',
    ],
    ['white space', (payload) => `${payload}\n`, 'it is not canonical JSON'],
    ['another order', (payload) => payload.replace(/^{(.*?),(.*)}$/s, '{$2,$1}'), 'it is not canonical JSON'],
    ['1.0 for 1', (payload) => payload.replace('"format":1', '"format":1.0'), 'it is not canonical JSON'],
    ['an escaped letter', (payload) => payload.replace('"kind"', '"\\u006bind"'), 'it is not canonical JSON'],
    [
      'the format of tomorrow',
      (payload) => payload.replace('"format":1', '"format":2'),
      'it has format 2, which is newer than this Holdfast',
    ],
    [
      'format 0',
      (payload) => payload.replace('"format":1', '"format":0'),
      'it has format 0, which no Holdfast writes',
    ],
    ['another type', (payload) => payload.replace('holdfast-seal', 'holdfast-snapshot'), 'it is not a seal'],
    [
      'bytes that are not UTF-8',
      (payload) => Buffer.from(payload.replace('"tags":[]', '"tags":["\xff"]'), 'latin1'),
      'it is not UTF-8',
    ],
    ['a negative size', (payload) => payload.replace(/"total":\d+/, '"total":-1'), '"total" is not a count'],
    ['a size of 2^53', (payload) => payload.replace(/"total":\d+/, '"total":9007199254740992'), ' '],
    ['no JSON', () => 'x', 'it is not JSON'],
    ['a list', () => '[]', 'it is not a JSON object'],
    [
      'depth 10^5',
      (payload) => payload.replace(/}$/, `,"zzz":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      ' ',
    ],
    ['10^6 members', (payload) => payload.replace('"tags":[]', `"tags":[${'1,'.repeat(1_000_000)}1]`), ' '],
  ];
  // D4, D16, D21, I7: what the real agent could sign, if it were broken or stolen.
  test.each(payloads)('a signed payload with %s', async (_what, edit, problem) => {
    const attacker = new Attacker(machine);
    const [, , newest = ''] = seals(attacker);
    const {payload} = await attacker.newest();
    attacker.write(newest, await signed(edit(payload), machine.agent));
    const {history} = await attacker.client().look();
    const found = history.problems.map((item) => `${item.object}: ${item.problem}`);
    if (problem === undefined) expect(found).toEqual([]);
    else if (problem === ' ') expect(history.problems.map(({object}) => object)).toEqual([newest]);
    else expect(found).toEqual([`${newest}: ${problem}`]);
    expect(({} as Record<string, unknown>)['sequence']).toBeUndefined();
    expect(history.sources.find(({source}) => source === 'files')?.seals.at(-1)?.sequence).toBe(
      problem === undefined ? 3 : 2,
    );
  });

  // D21, D23: bounded in time and memory.
  test.each([
    ['one line of base64', (head: string, tail: string) => head + 'A'.repeat(4_100_000) + tail],
    [
      'headers',
      (_head: string, tail: string) =>
        `-----BEGIN PGP MESSAGE-----\n${'Comment: x\n'.repeat(370_000)}\nAA==${tail}`,
    ],
    ['empty lines', (head: string, tail: string) => head + '\n'.repeat(4_100_000) + tail],
    [
      '10^6 packets',
      (head: string, tail: string) =>
        head + Buffer.alloc(3_000_000, Buffer.from([0xca, 0])).toString('base64') + tail,
    ],
    ['more than a seal may have', (head: string, tail: string) => head + 'A'.repeat(5_000_000) + tail],
  ])('a seal of 4 MB: %s', async (_what, make) => {
    const attacker = new Attacker(machine);
    const name = `files/${seals(attacker)[2]?.split('/')[1]}/seals/0000000004-0123456789abcdef.asc`;
    attacker.write(name, make('-----BEGIN PGP MESSAGE-----\n\n', '\n-----END PGP MESSAGE-----\n'));
    const start = performance.now();
    expect((await attacker.client().look()).history.problems.map(({object}) => object)).toEqual([name]);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('the marker', () => {
  const marker = (change: Record<string, unknown>) => (bytes: Buffer) =>
    JSON.stringify({...(JSON.parse(bytes.toString()) as object), ...change});
  // D1, D16, I7: nothing is read, and nothing written, in a repository of another format.
  test.each([
    ['a newer format', marker({format: 2}), 'FORMAT_NEWER', EXIT.usage],
    ['format 0', marker({format: 0}), 'DAMAGED', EXIT.notVerified],
    ['no format', marker({format: undefined}), 'DAMAGED', EXIT.notVerified],
    ['another type', marker({type: 'restic'}), 'DAMAGED', EXIT.notVerified],
    ['a bad id', marker({id: '../x'}), 'DAMAGED', EXIT.notVerified],
    ['half of it', (bytes: Buffer) => bytes.subarray(0, 20), 'DAMAGED', EXIT.notVerified],
    ['100 KB', () => ' '.repeat(100_000), 'DAMAGED', EXIT.notVerified],
    [
      'an id in __proto__',
      marker({id: undefined, ['__proto__' as string]: {id: 'a'.repeat(32)}}),
      'DAMAGED',
      EXIT.notVerified,
    ],
  ])('%s is named', async (_what, change, code, exitCode) => {
    const attacker = new Attacker(machine);
    attacker.edit('holdfast.json', change as (bytes: Buffer) => string);
    const before = attacker.objects();
    await expect(attacker.client().look()).rejects.toMatchObject({code, exitCode});
    expect(attacker.objects()).toEqual(before);
  });

  test('a repository under another id has no seals of its own', async () => {
    const attacker = new Attacker(machine);
    attacker.edit('holdfast.json', marker({id: 'f'.repeat(32)}));
    const complaints = await attacker.client().complaints();
    expect(complaints).toHaveLength(4);
    for (const complaint of complaints) expect(complaint).toMatch(/: it belongs to another repository$/);
  });
});

describe('D23: strange listings', () => {
  test('objects with strange names are ignored, or named where they pretend to be seals', async () => {
    const attacker = new Attacker(machine);
    const [, , newest = ''] = seals(attacker);
    const folder = newest.slice(0, newest.lastIndexOf('/'));
    const strange = [
      '%2e%2e',
      `${'x'.repeat(190)}`,
      '\u202egpj',
      '0000000004-0123456789abcdef.asc.part',
      '4-a.asc',
    ];
    for (const name of strange) attacker.write(`${folder}/${name}`, 'x');
    mkdirSync(join(attacker.folder, '..evil'), {recursive: true});
    attacker.write('..evil/20261120T023000Z-aaaa/seals/0000000001-0123456789abcdef.asc', 'x');
    attacker.write('UPPER/20261120T023000Z-aaaa/seals/0000000001-0123456789abcdef.asc', 'x');
    attacker.write('files/20261120/seals/0000000001-0123456789abcdef.asc', 'x');
    const problems = (await attacker.client().look()).history.problems;
    expect(problems.map(({object}) => object).sort()).toEqual(
      [`${folder}/%2e%2e`, `${folder}/${'x'.repeat(190)}`, `${folder}/\u202egpj`, `${folder}/4-a.asc`].sort(),
    );
    await expectRestores(attacker, ids[2], 'third');
  });
});
