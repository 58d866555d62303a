/** Hostile storage against packs, index and snapshots: cut, swapped, forged, downgraded and bloated (TESTING.md D1-D3, D13, D16, D21-D23). */
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {constants, zstdCompressSync} from 'node:zlib';
import * as openpgp from 'openpgp';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {newSession, signMessage} from '../../src/crypto/message.ts';
import {literalHeader, packetHeader, TAG} from '../../src/crypto/packets.ts';
import {CHUNK_BYTES, inspectMessage, type Session, sealMessage} from '../../src/crypto/seipd.ts';
import {EXIT} from '../../src/errors.ts';
import {type Agent, newAgent} from '../../src/repository/agent.ts';
import type {BlobId} from '../../src/repository/layout.ts';
import type {PackRecord} from '../../src/repository/pack.ts';
import {Attacker, type Forgery, line} from '../support/attacker.ts';
import {appending, truncating, wrongBytes} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {noise} from '../support/trees.ts';

let machine: Machine;
let first: string;
let second: string;

beforeAll(async () => {
  machine = await Machine.create();
  writeFileSync(join(machine.source, 'large'), noise(3 * CHUNK_BYTES, 'large'));
  first = String((await machine.backup()).id);
  writeFileSync(join(machine.source, 'small'), 'small');
  second = String((await machine.backup()).id);
});
afterAll(() => machine[Symbol.asyncDispose]());

/** The pack with the large file, of the first snapshot alone or of both. */
function largePack(attacker: Attacker): string {
  const packs = attacker.objects(/\/packs\//);
  return packs.reduce((best, name) =>
    attacker.read(name).length > attacker.read(best).length ? name : best,
  );
}

/** Nothing of the file under its name, nothing of it under any other, and the rest whole. */
async function expectNoByteOf(attacker: Attacker, name: string, pack: string): Promise<void> {
  const result = await attacker.client().restore(second);
  expect(readdirSync(result.to)).not.toContain(name);
  expect(result.damaged.map(({path}) => path)).toEqual([name]);
  expect(result.damaged[0]?.problem).toContain(pack);
  expect(readFileSync(join(result.to, 'small'), 'utf8')).toBe('small');
}

/** All of the file, checked blob by blob; and it is told that the pack is not what it should be. */
async function expectAllOf(attacker: Attacker, name: string, pack: string): Promise<void> {
  const result = await attacker.client().restore(second);
  expect(result.damaged).toEqual([]);
  expect(result.damagedObjects).toEqual([
    {object: pack, problem: expect.stringMatching(/; what is whole in it was read$/)},
  ]);
  expect(readFileSync(join(result.to, name))).toEqual(readFileSync(join(machine.source, name)));
}

/** A message with its SEIPD packet's length as it now is. */
function reframed(message: Buffer, keep: number): Buffer {
  const {pkesks} = inspectMessage(message, message.length);
  const body = message.subarray(pkesks.length + 6, pkesks.length + 6 + keep);
  return Buffer.concat([pkesks, packetHeader(TAG.symEncryptedIntegrityProtected, body.length), body]);
}

describe('altered packs', () => {
  const alterations: [string, (bytes: Buffer) => Uint8Array][] = [
    ['one bit of the PKESK', (bytes) => flip(bytes, 50)],
    ['one bit of the salt', (bytes) => flip(bytes, inspectMessage(bytes, bytes.length).chunksStart - 1)],
    ['one bit of the content', (bytes) => flip(bytes, bytes.length / 2)],
    ['one bit of the last tag', (bytes) => flip(bytes, bytes.length - 1)],
    ['cut at an AEAD chunk, framing repaired', (bytes) => reframed(bytes, 36 + 2 * (CHUNK_BYTES + 16))],
    ['cut in a chunk, framing repaired', (bytes) => reframed(bytes, 36 + CHUNK_BYTES)],
    ['cut behind the salt, framing repaired', (bytes) => reframed(bytes, 36)],
    ['cut behind the PKESK', (bytes) => inspectMessage(bytes, bytes.length).pkesks],
    ['appended bytes', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ['an appended packet', (bytes) => Buffer.concat([bytes, packetHeader(TAG.padding, 0)])],
    ['nothing', () => Buffer.alloc(0)],
    ['zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['swapped chunks', swapChunks],
  ];
  /** Every chunk with content is authentic. */
  const onlyEnds = ['one bit of the last tag', 'appended bytes', 'an appended packet'];
  // D1, D2, M2: told, and no byte of it reaches the disk that is not what was backed up.
  test.each(alterations)('%s', async (what, alter) => {
    const attacker = new Attacker(machine);
    const pack = largePack(attacker);
    attacker.edit(pack, alter);
    await (onlyEnds.includes(what) ? expectAllOf : expectNoByteOf)(attacker, 'large', pack);
    const {ok, problems} = await attacker.client().verify('ciphertext');
    expect(ok).toBe(false);
    expect(problems.map(({object, affects}) => ({object, affects}))).toEqual([
      {object: pack, affects: [first, second]},
    ]);
  });

  // D3
  test('two packs that are swapped are both named, with their snapshots', async () => {
    const attacker = new Attacker(machine);
    const [a = '', b = ''] = attacker.objects(/\/packs\//);
    attacker.swap(a, b);
    const {problems} = await attacker.client().verify('ciphertext');
    expect(problems.map(({object}) => object).sort()).toEqual([a, b]);
  });

  // D3: pack as index, index as pack, snapshot as pack.
  test.each(['index', 'snapshots', 'packs'])(
    'another kind of object in the place of one of %s is refused',
    async (kind) => {
      const attacker = new Attacker(machine);
      const name = attacker.object(new RegExp(`/${kind}/`));
      const other = kind === 'packs' ? attacker.object(/\/index\//) : attacker.object(/\/packs\//);
      attacker.write(name, attacker.read(other));
      const {problems} = await attacker.client().verify('structure');
      expect(problems.map(({object}) => object)).toEqual([name]);
    },
  );

  // D3, I3: another generation's, of another source of the same repository.
  test('the snapshot of another source in the place of one is refused', async () => {
    await using vm = await Machine.create();
    writeFileSync(join(vm.source, 'file'), 'x');
    await vm.backup({}, {name: 'a'});
    await vm.backup({}, {name: 'b'});
    const attacker = new Attacker(vm);
    const [a = '', b = ''] = attacker.objects(/\/snapshots\//);
    attacker.write(b, attacker.read(a));
    const client = attacker.client();
    const error = {code: 'DAMAGED', exitCode: EXIT.notVerified, object: b};
    await expect(client.restore('latest:b')).rejects.toMatchObject(error);
    expect((await client.restore('latest:a')).damaged).toEqual([]);
    // All of one generation in the place of the other's.
    for (const name of attacker.objects(/^b\//)) attacker.remove(name);
    const [from = '', to = ''] = [a, b].map((name) => name.split('/').slice(0, 2).join('/'));
    for (const name of attacker.objects(/^a\//)) attacker.write(name.replace(from, to), attacker.read(name));
    expect((await attacker.client().complaints()).join()).toContain('it belongs at a/');
  });
});

describe('storage that lies while it is read', () => {
  // D2, D23
  test.each(['truncating', 'wrongBytes', 'appending', 'endless'])('%s', async (how) => {
    const attacker = new Attacker(machine);
    const pack = largePack(attacker);
    const matching = new RegExp(pack);
    const {target} = attacker;
    const lying =
      how === 'truncating'
        ? truncating(target, matching, 100_000)
        : how === 'wrongBytes'
          ? wrongBytes(target, matching, 100_000)
          : how === 'appending'
            ? appending(target, matching, Buffer.alloc(100))
            : endless(target, matching);
    const client = attacker.client(lying);
    const {problems} = await client.verify('ciphertext');
    expect(problems.map(({object, affects}) => ({object, affects}))).toEqual([
      {object: pack, affects: [first, second]},
    ]);
    const {damaged, to} = await client.restore(second);
    expect(damaged.map(({path}) => path)).toEqual(['large']);
    expect(readdirSync(to)).toEqual(['small']);
  });
});

describe('forged objects, encrypted to the real generation key', () => {
  const unsigned: Forgery['snapshotObject'] = async (object, session) => {
    const forged = Buffer.from('{"type":"holdfast-snapshot"}');
    expect(object.length).toBeGreaterThan(0);
    return sealMessage(session, [literalHeader(forged.length), forged]);
  };
  // D13: even if a seal by the agent itself named it.
  test.each([
    ['unsigned', unsigned],
    [
      'signed by another key',
      async (_object: Buffer, session: Session) =>
        sealMessage(session, [
          await signMessage(Buffer.from('{}'), (await newAgent(new Date(Date.now() - 1000))).key, new Date()),
        ]),
    ],
    [
      'signed by the agent, of something else',
      async (_object: Buffer, session: Session) => signedAs(session, '{"type":"holdfast-seal"}'),
    ],
    ['nothing at all', async (_object: Buffer, session: Session) => sealMessage(session, [literalHeader(0)])],
    [
      '10^6 packets',
      async (_object: Buffer, session: Session) =>
        sealMessage(session, [Buffer.alloc(2_000_000, Buffer.from([0xca, 0]))]),
    ],
    [
      'compressed',
      async (object: Buffer, session: Session) =>
        sealMessage(session, [packetHeader(8, object.length + 1), Buffer.from([0]), object]),
    ],
    [
      'encrypted to somebody else, too',
      async (_object: Buffer) => {
        const key = machine.catalog.generations.find('files', generationOf());
        const real = await openpgp.readKey({armoredKey: String(key?.publicKey)});
        return sealMessage(await newSession([real, machine.agent.key]), [literalHeader(0)]);
      },
    ],
  ] as [string, NonNullable<Forgery['snapshotObject']>][])(
    'a snapshot that is %s',
    async (_what, snapshotObject) => {
      const attacker = new Attacker(machine);
      const {objects, seal} = await attacker.forge({
        parts: [[line('evil')]],
        signer: machine.agent,
        snapshotObject,
      });
      const client = attacker.client();
      await expect(client.restore(seal.snapshot.id)).rejects.toMatchObject({
        code: 'DAMAGED',
        object: objects.snapshot,
      });
      const {problems} = await client.verify();
      expect(problems.map(({object, affects}) => ({object, affects}))).toEqual([
        {object: objects.snapshot, affects: [seal.snapshot.id]},
      ]);
      expect((await client.restore(second)).damaged).toEqual([]);
    },
  );

  // D13: by the attacker's own key throughout: the seal does not count, so nothing is a snapshot.
  test('a whole snapshot by a stranger is no snapshot', async () => {
    const attacker = new Attacker(machine);
    const {seal} = await attacker.forge({parts: [[line('evil')]]});
    const client = attacker.client();
    await expect(client.restore(seal.snapshot.id)).rejects.toMatchObject({code: 'NOT_FOUND'});
    expect((await client.restore('latest')).snapshot).toBe(second);
    expect((await client.verify()).ok).toBe(false);
  });

  // D13: an index of another agent, although the seal names it.
  test.each(['by a stranger', 'of another source', 'altered'])('an index %s is refused', async (how) => {
    const attacker = new Attacker(machine);
    const own: Agent = await attacker.own();
    const {makeIndex} = await import('../../src/repository/index-object.ts');
    const {objects, seal} = await attacker.forge({
      parts: [[line('evil')]],
      signer: machine.agent,
      index: async (object) => {
        if (how === 'altered') return flip(object, -20);
        const place = {
          repository: machine.repository.id,
          source: how === 'of another source' ? 'others' : 'files',
          generation: generationOf(),
        };
        const key = await openpgp.readKey({
          armoredKey: String(machine.catalog.generations.find('files', generationOf())?.publicKey),
        });
        const signer = how === 'by a stranger' ? own : machine.agent;
        return (await makeIndex(place, [], signer, await newSession([machine.agent.key, key]), new Date()))
          .object;
      },
    });
    const result = await attacker.client().restore(seal.snapshot.id);
    // What it would say is found in the pack, which the seal names.
    expect(result.damagedObjects.map(({object}) => object)).toEqual([objects.index]);
    expect(result.damaged).toEqual([]);
    expect(readdirSync(result.to)).toEqual(['evil']);
    expect((await attacker.client().restore(second)).damaged).toEqual([]);
  });
});

describe('what a broken or stolen agent could write', () => {
  const content = Buffer.from('content');
  /** A file whose content is what is forged, beside nothing else. */
  const forged = async (attacker: Attacker, forgery: Partial<Forgery>) => {
    const {seal, objects} = await attacker.forge({
      signer: machine.agent,
      blobs: [content],
      parts: [[line('file', {size: content.length, content: [attacker.blobId(content)]})]],
      ...forgery,
    });
    return {id: seal.snapshot.id, objects};
  };

  test('nothing is wrong with a forgery that is honest', async () => {
    const attacker = new Attacker(machine);
    const {id} = await forged(attacker, {});
    const {to, damaged} = await attacker.client().restore(id);
    expect({damaged, file: readFileSync(join(to, 'file'), 'utf8')}).toEqual({damaged: [], file: 'content'});
    expect(await attacker.client().verify()).toMatchObject({ok: true, problems: []});
  });

  const armoredKey = (): string =>
    String(machine.catalog.generations.find('files', generationOf())?.publicKey);
  const byOpenpgp = async (
    inner: readonly Uint8Array[],
    config: openpgp.PartialConfig,
  ): Promise<Uint8Array> =>
    openpgp.encrypt({
      message: await openpgp.createMessage({binary: Buffer.concat(inner).subarray(12), format: 'binary'}),
      encryptionKeys: await openpgp.readKey({armoredKey: armoredKey()}),
      format: 'binary',
      config,
    });
  // D16: downgrades of what packs are encrypted with.
  test.each([
    ['chunks of 64 bytes', {aeadProtect: true, aeadChunkSizeByte: 0}],
    ['EAX or OCB', {aeadProtect: true, preferredAEADAlgorithm: openpgp.enums.aead.ocb}],
    ['AES-128', {aeadProtect: true, preferredSymmetricAlgorithm: openpgp.enums.symmetric.aes128}],
  ])('a pack with %s is refused', async (_what, config) => {
    const attacker = new Attacker(machine);
    let isOurs = false;
    const {id, objects} = await forged(attacker, {
      pack: async (inner) => {
        const message = Buffer.from(await byOpenpgp(inner, config as openpgp.PartialConfig));
        isOurs = safely(() => inspectMessage(message, message.length)) !== undefined;
        return message;
      },
    });
    expect(isOurs, 'whether openpgp.js did as we do').toBe(false);
    await refusedEverywhere(attacker, id, objects.pack);
  });

  // D2, D16
  test.each([
    [
      'to another key',
      async (inner: readonly Uint8Array[]) => sealMessage(await newSession([machine.agent.key]), inner),
    ],
    [
      'to two keys',
      async (inner: readonly Uint8Array[]) =>
        sealMessage(
          await newSession([await openpgp.readKey({armoredKey: armoredKey()}), machine.agent.key]),
          inner,
        ),
    ],
    ['in plain', async (inner: readonly Uint8Array[]) => Buffer.concat(inner)],
    [
      'to a key and a password',
      async (inner: readonly Uint8Array[], session: Session) => {
        const message = sealMessage(session, inner);
        return Buffer.concat([packetHeader(3, 4), Buffer.from([4, 9, 0, 8]), message]);
      },
    ],
    [
      'twice',
      async (inner: readonly Uint8Array[], session: Session) => {
        const message = sealMessage(session, inner);
        return Buffer.concat([message, message]);
      },
    ],
  ] as const)('a pack encrypted %s is refused', async (_what, pack) => {
    const attacker = new Attacker(machine);
    const {id, objects} = await forged(attacker, {pack});
    await refusedEverywhere(attacker, id, objects.pack);
  });

  async function refusedEverywhere(attacker: Attacker, id: string, pack: string): Promise<void> {
    const {damaged} = await attacker.client().restore(id);
    expect(damaged).toHaveLength(1);
    expect(damaged[0]?.problem).toContain(pack);
    const keyless = await attacker.client().verify('ciphertext');
    expect(keyless.problems.map(({object, affects}) => ({object, affects}))).toEqual([
      {object: pack, affects: [id]},
    ]);
  }

  const bomb = zstdCompressSync(Buffer.alloc(64 * 2 ** 20));
  /** A frame header that asks for a window of 2 GiB, then a raw block of one byte (RFC 8878 §3.1.1). */
  const hugeWindow = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, 0x78]);
  // D22: stopped at the size that the index says, before it is taken in.
  test.each([
    ['a frame of 64 MiB for one of 1 KiB', [bomb]],
    ['a window of 2 GiB', [hugeWindow]],
    ['a truncated frame', [zstdCompressSync(Buffer.alloc(4096)).subarray(0, 10)]],
    ['a frame that is too short', [zstdCompressSync(Buffer.alloc(5))]],
    ['no zstd', [Buffer.from('no zstd at all')]],
    ['an empty frame', [Buffer.alloc(0)]],
    ['a skippable frame', [Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])]],
    ['another content', [zstdCompressSync(Buffer.alloc(1024))]],
    [
      'a long distance window',
      [zstdCompressSync(noise(1024, 'x'), {params: {[constants.ZSTD_c_windowLog]: 27}})],
    ],
  ])('a pack with %s', async (_what, frames) => {
    const attacker = new Attacker(machine);
    const {id, objects} = await forged(attacker, {
      content: (honest) => [...frames, ...honest.slice(frames.length)],
    });
    const client = attacker.client();
    const before = process.memoryUsage.rss();
    const {damaged, to} = await client.restore(id);
    expect(damaged).toHaveLength(1);
    expect(damaged[0]?.problem).toContain(objects.pack);
    expect(readdirSync(to)).toEqual([]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20);
    const {problems} = await client.verify();
    expect(new Set(problems.map(({object}) => object))).toEqual(new Set([objects.pack]));
    expect(problems.flatMap(({affects}) => affects)).toContain(`${id}:file`);
  });

  // A delta that leads nowhere, in a circle, or is none, is damage, and nothing is made of it.
  test.each([
    ['itself', (own: BlobId) => own],
    ['a blob that is nowhere', () => 'b'.repeat(64) as BlobId],
    ['a blob that is whole, and is no delta', (_own: BlobId, other: BlobId) => other],
  ])('a pack with a delta on %s', async (_what, base) => {
    const attacker = new Attacker(machine);
    const {id, objects} = await forged(attacker, {
      record(record) {
        const [content, tree, ...more] = record.frames;
        const [own, length] = content?.blobs[0] ?? [];
        const [other] = tree?.blobs[0] ?? [];
        if (content === undefined || tree === undefined || !own || !other || length === undefined)
          throw new Error('the forgery has another form');
        const blobs = [[own, length, base(own, other), length] as const];
        return {...record, frames: [{...content, blobs}, tree, ...more]};
      },
    });
    const client = attacker.client();
    const {damaged, to} = await client.restore(id);
    expect(damaged).toHaveLength(1);
    expect(damaged[0]?.problem).toContain(objects.pack);
    expect(readdirSync(to)).toEqual([]);
    const {ok, problems} = await client.verify('content');
    expect(ok).toBe(false);
    expect(problems.flatMap(({affects}) => affects)).toContain(`${id}:file`);
  });

  const records: [string, (record: PackRecord) => unknown][] = [
    ['a pack of 2^53 bytes', (record) => ({...record, size: 2 ** 53 - 1})],
    ['a pack of -1 bytes', (record) => ({...record, size: -1})],
    ['a frame of 1 TB', (record) => ({...record, frames: [{...record.frames[0], raw: 2 ** 40}]})],
    [
      'a blob of 2^53 bytes',
      (record) => ({...record, frames: [{...record.frames[0], blobs: [['a'.repeat(64), 2 ** 53 - 1]]}]}),
    ],
    [
      'a blob with a base',
      (record) => ({
        ...record,
        frames: [{...record.frames[0], blobs: [['a'.repeat(64), 7, 'b'.repeat(64)]]}],
      }),
    ],
    ['frames that overlap', (record) => ({...record, frames: [record.frames[0], record.frames[0]]})],
    ['a frame behind the end', (record) => ({...record, frames: [{...record.frames[0], size: 2 ** 40}]})],
    [
      '10^6 frames that are no frames',
      (record) => ({...record, frames: new Array<null>(1_000_001).fill(null)}),
    ],
    ['a name that leads out', (record) => ({...record, pack: '../../../../etc/passwd'})],
    [
      '__proto__ for frames',
      (record) =>
        JSON.parse(`{"pack":"${record.pack}","size":1,"kind":"data","__proto__":{"frames":[]}}`) as unknown,
    ],
  ];
  // D21: before anything is allocated.
  test.each(records)('an index with %s', async (_what, change) => {
    const attacker = new Attacker(machine);
    const {id, objects} = await forged(attacker, {record: (record) => change(record) as PackRecord});
    const before = process.memoryUsage.rss();
    const {damaged, damagedObjects, to} = await attacker.client().restore(id);
    expect(damagedObjects.map(({object}) => object)).toEqual([objects.index]);
    expect(damaged).toEqual([]);
    expect(readFileSync(join(to, 'file'), 'utf8')).toBe('content');
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20);
    expect((await attacker.client().restore(second)).damaged).toEqual([]);
  });

  // D22: an index that decompresses without end.
  test.each([
    ['zeros', zstdCompressSync(Buffer.alloc(300 * 2 ** 20))],
    ['a window of 2 GiB', hugeWindow],
  ])('an index of %s stops at its limit', async (_what, compressed) => {
    const attacker = new Attacker(machine);
    const {id, objects} = await forged(attacker, {
      index: async () => {
        const key = await openpgp.readKey({armoredKey: armoredKey()});
        return sealMessage(await newSession([machine.agent.key, key]), [
          await signMessage(compressed, machine.agent.key, new Date()),
        ]);
      },
    });
    const {damagedObjects} = await attacker.client().restore(id);
    expect(damagedObjects).toEqual([
      {
        object: objects.index,
        problem: 'its content does not decompress; the packs were read without it',
      },
    ]);
  });

  // D21: sizes in seals are limits, never orders to allocate.
  test('sizes of 2^53 in a seal are not allocated', async () => {
    const attacker = new Attacker(machine);
    const {id, objects} = await forged(attacker, {
      seal: (seal) => ({
        ...seal,
        needs: {...seal.needs, packs: seal.needs.packs.map(([name]) => [name, 2 ** 53 - 1])},
      }),
    });
    const {problems} = await attacker.client().verify('ciphertext');
    expect(problems).toMatchObject([{object: objects.pack, affects: [id]}]);
    expect(problems[0]?.problem).toMatch(/^it has \d+ bytes instead of 9007199254740991$/);
  });

  // D21: needs that go round and round, or back without end.
  test.each(['itself', 'nothing'])('a seal that builds on %s', async (what) => {
    const attacker = new Attacker(machine);
    const {id, objects} = await forged(attacker, {
      seal: (seal) => ({
        ...seal,
        needs: {...seal.needs, base: what === 'itself' ? 'f'.repeat(64) : '0'.repeat(64)},
      }),
    });
    const {problems} = await attacker.client().verify('structure');
    expect(problems).toContainEqual({
      object: objects.seal,
      problem: 'a seal that it builds on is missing, so what it needs is not known',
      affects: [id],
    });
  });
});

function generationOf(): string {
  return String(machine.catalog.snapshots.newest('files')?.generation);
}

async function signedAs(session: Session, payload: string): Promise<Buffer> {
  return sealMessage(session, [await signMessage(Buffer.from(payload), machine.agent.key, new Date())]);
}

function flip(bytes: Buffer, at: number): Buffer {
  const place = Math.floor(at < 0 ? bytes.length + at : at);
  bytes[place] = (bytes[place] ?? 0) ^ 0x10;
  return bytes;
}

function swapChunks(bytes: Buffer): Buffer {
  const {chunksStart} = inspectMessage(bytes, bytes.length);
  const sealed = CHUNK_BYTES + 16;
  const [a, b] = [0, 1].map((at) =>
    Buffer.from(bytes.subarray(chunksStart + at * sealed, chunksStart + (at + 1) * sealed)),
  );
  if (a === undefined || b === undefined) throw new Error('no chunks');
  bytes.set(b, chunksStart);
  bytes.set(a, chunksStart + sealed);
  return bytes;
}

function safely<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}

/** Objects that match never end. */
function endless(target: ReturnType<typeof wrongBytes>, matching: RegExp): ReturnType<typeof wrongBytes> {
  const wrapped = appending(target, /$./, Buffer.alloc(0));
  const get = wrapped.get.bind(wrapped);
  wrapped.get = async function* (name, range, options) {
    yield* get(name, range, options);
    while (matching.test(name)) yield Buffer.alloc(65_536);
  };
  return wrapped;
}
