/** The direct SEIPD v2 writer and reader, with openpgp.js and other programs as oracles (TESTING.md D1, D2, D16, E14, E15, incident 28). */
import {execFileSync} from 'node:child_process';
import {createCipheriv, hkdfSync, randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import * as openpgp from 'openpgp';
import {beforeAll, describe, expect, test} from 'vitest';
import {generateGenerationKey} from '../../src/crypto/keygen.ts';
import {newSession, openSession} from '../../src/crypto/message.ts';
import {literalData, literalHeader, packetHeader, readPackets, TAG} from '../../src/crypto/packets.ts';
import {
  CHUNK_BYTES,
  inspectMessage,
  openMessage,
  openRange,
  type Session,
  sealedLength,
  sealedRange,
  sealMessage,
} from '../../src/crypto/seipd.ts';
import {encryptionFingerprint} from '../../src/repository/agent.ts';
import {openPgpProgram, whyWithout} from '../support/openpgp-programs.ts';
import {noise} from '../support/trees.ts';

const SIZES = [
  0,
  1,
  15,
  16,
  17,
  500,
  CHUNK_BYTES - 13,
  CHUNK_BYTES - 12,
  CHUNK_BYTES - 11,
  CHUNK_BYTES,
  CHUNK_BYTES + 1,
  2 * CHUNK_BYTES - 12,
  3 * CHUNK_BYTES - 11,
];
const SEALED_CHUNK = CHUNK_BYTES + 16;

let key: openpgp.PrivateKey;
let session: Session;

beforeAll(async () => {
  key = await generateGenerationKey(new Date(Date.now() - 1000));
  session = await newSession([key.toPublic()]);
});

const literal = (data: Uint8Array): Uint8Array[] => [literalHeader(data.length), data];
const sealed = (data: Uint8Array): Buffer => sealMessage(session, literal(data));

/** What openpgp.js makes of a message: its data, or the error. */
async function oracle(message: Uint8Array): Promise<Buffer | Error> {
  try {
    const {data} = await openpgp.decrypt({
      message: await openpgp.readMessage({binaryMessage: message}),
      decryptionKeys: key,
      format: 'binary',
    });
    return Buffer.from(data as Uint8Array);
  } catch (error) {
    return error as Error;
  }
}

/** What our reader makes of it. */
async function ours(message: Uint8Array): Promise<Buffer | Error> {
  try {
    const {pkesks} = inspectMessage(message, message.length);
    return Buffer.from(literalData(openMessage(message, await openSession(pkesks, key))));
  } catch (error) {
    return error as Error;
  }
}

/** The message with another body in its encrypted packet. */
function withBody(message: Buffer, change: (body: Buffer) => Uint8Array): Buffer {
  const {pkesks, chunksStart} = inspectMessage(message, message.length);
  const body = Buffer.from(change(Buffer.from(message.subarray(chunksStart - 36))));
  return Buffer.concat([pkesks, packetHeader(TAG.symEncryptedIntegrityProtected, body.length), body]);
}

describe('sizes around the borders of AEAD chunks', () => {
  test.each(SIZES)('%i bytes, in both directions', async (size) => {
    const data = noise(size, 'seipd');
    const message = sealed(data);
    expect(message.length).toBe(sealedLength(session, size + 12));
    expect(await oracle(message)).toEqual(data);
    expect(await ours(message)).toEqual(data);
    const theirs = await openpgp.encrypt({
      message: await openpgp.createMessage({binary: data, format: 'binary'}),
      encryptionKeys: key.toPublic(),
      format: 'binary',
      config: {aeadProtect: true, preferredAEADAlgorithm: openpgp.enums.aead.gcm, aeadChunkSizeByte: 12},
    });
    // They write partial lengths; with these put together, we read what they wrote.
    expect(await ours(definite(theirs))).toEqual(data);
  });

  test('parts of any sizes make one message', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 0, max: CHUNK_BYTES}), {minLength: 1, maxLength: 5}), (sizes) => {
        const parts = sizes.map((size, at) => noise(size, `part-${at}`));
        fc.pre(parts.some((part) => part.length > 0));
        expect(openMessage(sealMessage(session, parts), session.key)).toEqual(Buffer.concat(parts));
      }),
      {numRuns: 15},
    );
  });
});

// E15, incident 28
test('two encryptions of one input share nothing', async () => {
  const data = noise(1000, 'same');
  const other = await newSession([key.toPublic()]);
  const [a, b, c] = [sealed(data), sealed(data), sealMessage(other, literal(data))];
  const [x, y, z] = [a, b, c].map((message) => inspectMessage(message, message.length));
  expect(x?.salt).not.toEqual(y?.salt);
  expect(a.subarray(x?.chunksStart).equals(b.subarray(y?.chunksStart))).toBe(false);
  expect(Buffer.from(session.key).equals(Buffer.from(other.key))).toBe(false);
  expect(Buffer.from(x?.pkesks as Uint8Array).equals(Buffer.from(z?.pkesks as Uint8Array))).toBe(false);
  const salts = new Set(
    Array.from({length: 1000}, () => {
      const message = sealed(Buffer.alloc(0));
      return inspectMessage(message, message.length).salt.toString();
    }),
  );
  expect(salts.size).toBe(1000);
});

test('what a message says without a key', async () => {
  const other = await generateGenerationKey(new Date(Date.now() - 1000));
  const both = await newSession([key.toPublic(), other.toPublic()]);
  const message = sealMessage(both, literal(Buffer.alloc(10)));
  expect(inspectMessage(message, message.length).recipients).toEqual([
    encryptionFingerprint(key),
    encryptionFingerprint(other),
  ]);
  // The head alone tells the same.
  expect(inspectMessage(message.subarray(0, 4096), message.length).chunksLength).toBe(22 + 32);
  for (const each of [key, other])
    expect(Buffer.from(await openSession(both.pkesks, each))).toEqual(Buffer.from(both.key));
});

describe('damage', () => {
  // D1: no bit of a message can be changed unnoticed, whatever field it is in.
  test('every byte of a small message, each with one bit flipped', async () => {
    const data = noise(20, 'small');
    const message = sealed(data);
    for (let at = 0; at < message.length; at++) {
      const copy = Buffer.from(message);
      copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
      const read = await ours(copy);
      // The recipient's fingerprint is outside of the encryption: who reads compares it (blob-reader.ts, verify-ciphertext.ts).
      if (read instanceof Error) continue;
      expect(at, `byte ${at} of ${message.length}`).toBeLessThan(session.pkesks.length);
      expect(inspectMessage(copy, copy.length).recipients).not.toEqual([encryptionFingerprint(key)]);
    }
  });

  test('a bit in each field of a large one', async () => {
    const message = sealed(noise(2 * CHUNK_BYTES + 100, 'large'));
    const {chunksStart} = inspectMessage(message, message.length);
    const places = {
      salt: chunksStart - 1,
      'first byte': chunksStart,
      'a tag': chunksStart + CHUNK_BYTES,
      'second chunk': chunksStart + SEALED_CHUNK + 5,
      'last chunk': message.length - 40,
      'last chunk tag': message.length - 20,
      'final tag': message.length - 1,
    };
    for (const [field, at] of Object.entries(places)) {
      const copy = Buffer.from(message);
      copy[at] = (copy[at] ?? 0) ^ 1;
      expect(await ours(copy), field).toMatchObject({message: 'its encrypted content was altered'});
      expect(await oracle(copy), field).toBeInstanceOf(Error);
    }
  });

  // D2, M2: cut where it hurts most, with the framing put right.
  test('every truncation with repaired framing', async () => {
    const data = noise(3 * CHUNK_BYTES, 'cut');
    const message = sealed(data);
    const whole = message.length - inspectMessage(message, message.length).chunksStart + 36;
    const cuts = new Set<number>();
    for (let chunk = 0; chunk <= 4; chunk++) {
      for (const around of [-17, -16, -15, -1, 0, 1, 15, 16, 17, 32]) {
        const cut = 36 + chunk * SEALED_CHUNK + around;
        if (cut >= 0 && cut < whole) cuts.add(cut);
      }
    }
    for (const cut of [0, 1, 3, 4, 5, 35, whole - 1, whole - 16, whole - 17, whole - 32]) cuts.add(cut);
    for (const cut of cuts) {
      const short = withBody(message, (body) => body.subarray(0, cut));
      expect(await ours(short), `${cut} bytes`).toBeInstanceOf(Error);
    }
    // Some of them by the oracle, too: it is slow.
    for (const cut of [36 + 16, 36 + SEALED_CHUNK, 36 + 2 * SEALED_CHUNK + 16])
      expect(await oracle(withBody(message, (body) => body.subarray(0, cut)))).toBeInstanceOf(Error);
  });

  test('every cut of the whole, without repair', async () => {
    const message = sealed(noise(100, 'short'));
    for (let length = 0; length < message.length; length++)
      expect(await ours(message.subarray(0, length)), `${length} bytes`).toBeInstanceOf(Error);
  });

  // D2
  test('chunks swapped, doubled or dropped; bytes and packets appended', async () => {
    const message = sealed(noise(3 * CHUNK_BYTES, 'swap'));
    const chunk = (body: Buffer, at: number): Buffer =>
      body.subarray(36 + at * SEALED_CHUNK, 36 + (at + 1) * SEALED_CHUNK);
    const rest = (body: Buffer, at: number): Buffer => body.subarray(36 + at * SEALED_CHUNK);
    const changes: Record<string, (body: Buffer) => Buffer> = {
      swapped: (body) => Buffer.concat([body.subarray(0, 36), chunk(body, 1), chunk(body, 0), rest(body, 2)]),
      doubled: (body) => Buffer.concat([body.subarray(0, 36), chunk(body, 0), chunk(body, 0), rest(body, 1)]),
      dropped: (body) => Buffer.concat([body.subarray(0, 36), rest(body, 1)]),
      'last dropped': (body) => Buffer.concat([body.subarray(0, 36 + 2 * SEALED_CHUNK), body.subarray(-16)]),
      'a zero behind': (body) => Buffer.concat([body, Buffer.alloc(1)]),
      '16 zeros behind': (body) => Buffer.concat([body, Buffer.alloc(16)]),
      'a chunk behind': (body) => Buffer.concat([body, chunk(body, 0)]),
    };
    for (const [name, change] of Object.entries(changes)) {
      const changed = withBody(message, change);
      expect(await ours(changed), name).toBeInstanceOf(Error);
      expect(await oracle(changed), name).toBeInstanceOf(Error);
    }
    for (const packet of [packetHeader(TAG.padding, 0), packetHeader(TAG.literalData, 6), message])
      expect(await ours(Buffer.concat([message, packet]))).toMatchObject({
        message: 'it is cut off, or something follows it',
      });
  });

  test('the body of one message in another with the same session key', async () => {
    const [a, b] = [sealed(noise(100, 'a')), sealed(noise(100, 'b'))];
    const {chunksStart} = inspectMessage(a, a.length);
    const mixed = Buffer.concat([a.subarray(0, chunksStart), b.subarray(chunksStart)]);
    expect(await ours(mixed)).toBeInstanceOf(Error);
  });
});

describe('downgrades and other forms', () => {
  /** What an attacker with the session key would write: any parameters, correctly encrypted. */
  function sealedWith(parameters: readonly number[], inner: Uint8Array): Buffer {
    const [, cipher = 9, , chunkOctet = 12] = parameters;
    const info = Buffer.from([0xd2, ...parameters]);
    const salt = randomBytes(32);
    const length = cipher === 7 ? 16 : 32;
    const derived = Buffer.from(hkdfSync('sha256', session.key.subarray(0, length), salt, info, length + 4));
    const name = cipher === 7 ? 'aes-128-gcm' : 'aes-256-gcm';
    const nonce = (index: number): Buffer => {
      const bytes = Buffer.alloc(12);
      derived.copy(bytes, 0, length);
      bytes.writeUInt32BE(index, 8);
      return bytes;
    };
    const chunkBytes = 2 ** (chunkOctet + 6);
    const pieces: Buffer[] = [Buffer.from(parameters), salt];
    let index = 0;
    for (let at = 0; at < inner.length; at += chunkBytes, index++) {
      const cipherOf = createCipheriv(name, derived.subarray(0, length), nonce(index)).setAAD(info);
      pieces.push(
        cipherOf.update(inner.subarray(at, at + chunkBytes)),
        cipherOf.final(),
        cipherOf.getAuthTag(),
      );
    }
    const total = Buffer.alloc(8);
    total.writeBigUInt64BE(BigInt(inner.length));
    const last = createCipheriv(name, derived.subarray(0, length), nonce(index)).setAAD(
      Buffer.concat([info, total]),
    );
    last.final();
    pieces.push(last.getAuthTag());
    const body = Buffer.concat(pieces);
    return Buffer.concat([
      session.pkesks,
      packetHeader(TAG.symEncryptedIntegrityProtected, body.length),
      body,
    ]);
  }
  const inner = Buffer.concat(literal(noise(200, 'inner')));

  test('with our own parameters it is ours', async () => {
    expect(await ours(sealedWith([2, 9, 3, 12], inner))).toEqual(noise(200, 'inner'));
  });

  // D16
  test.each([
    ['version 1', [1, 9, 3, 12]],
    ['version 3', [3, 9, 3, 12]],
    ['AES-128', [2, 7, 3, 12]],
    ['Camellia', [2, 13, 3, 12]],
    ['EAX', [2, 9, 1, 12]],
    ['OCB', [2, 9, 2, 12]],
    ['chunks of 64 bytes', [2, 9, 3, 0]],
    ['chunks of 4 MiB', [2, 9, 3, 16]],
    ['chunks of 2^68 bytes', [2, 9, 3, 62]],
  ])('%s is refused', async (_name, parameters) => {
    expect(await ours(sealedWith(parameters, inner))).toMatchObject({
      message: 'it is not encrypted with AES-256-GCM in chunks of 256 KiB (SEIPD v2)',
    });
  });

  test('an old message to a version 4 key (PKESK v3, SEIPD v1, MDC) is refused', async () => {
    const {privateKey} = await openpgp.generateKey({
      type: 'curve25519',
      userIDs: [{name: 'old'}],
      format: 'object',
      config: {v6Keys: false},
    });
    const message = await openpgp.encrypt({
      message: await openpgp.createMessage({binary: noise(100, 'old'), format: 'binary'}),
      encryptionKeys: privateKey.toPublic(),
      format: 'binary',
      config: {aeadProtect: false},
    });
    expect(await ours(message)).toMatchObject({message: 'it is not encrypted to a version 6 X25519 key'});
  });

  test.each([
    ['partial lengths', (message: Buffer) => partial(message), 'it holds a packet of partial length'],
    [
      'the old packet format',
      (message: Buffer) => Buffer.concat([Buffer.from([0x85, 0, 1, 0]), message]),
      'it holds no packet of the current OpenPGP format',
    ],
    [
      'a marker in front',
      (message: Buffer) => Buffer.concat([packetHeader(10, 3), Buffer.from('PGP'), message]),
      'it is not encrypted to a public key',
    ],
    [
      'a password in front',
      (message: Buffer) => Buffer.concat([packetHeader(3, 4), Buffer.from([4, 9, 0, 8]), message]),
      'it is not encrypted to a public key',
    ],
    [
      'no PKESK',
      (message: Buffer) => message.subarray(session.pkesks.length),
      'it is not encrypted to a public key',
    ],
    [
      'a hundred PKESKs',
      (message: Buffer) => Buffer.concat([...new Array<Uint8Array>(99).fill(session.pkesks), message]),
      'it has more than 16 recipients',
    ],
    [
      'armor',
      (message: Buffer) => Buffer.from(openpgp.armor(openpgp.enums.armor.message, message)),
      'it holds no packet of the current OpenPGP format',
    ],
    [
      'a length of 4 GiB',
      (message: Buffer) =>
        Buffer.concat([session.pkesks, Buffer.from([0xd2, 0xff, 0xff, 0xff, 0xff, 0xff]), message]),
      'it is cut off, or something follows it',
    ],
  ])('%s: refused', async (_name, change, problem) => {
    expect(await ours(change(sealed(noise(5000, 'form'))))).toMatchObject({message: problem});
  });

  // D22: what is inside is one literal packet, whatever else decrypts.
  test.each([
    ['compression', packetHeader(8, 3)],
    ['a signed message', packetHeader(TAG.onePassSignature, 0)],
    ['another encrypted message', packetHeader(TAG.symEncryptedIntegrityProtected, 0)],
    ['two literals', Buffer.concat([...literal(Buffer.alloc(1)), ...literal(Buffer.alloc(1))])],
    ['padding first', Buffer.concat([packetHeader(TAG.padding, 0), ...literal(Buffer.alloc(1))])],
    [
      'a literal of text',
      Buffer.concat([packetHeader(TAG.literalData, 6), Buffer.from([0x74, 0, 0, 0, 0, 0])]),
    ],
    [
      'a name longer than its packet',
      Buffer.concat([packetHeader(TAG.literalData, 6), Buffer.from([0x62, 200, 0, 0, 0, 0])]),
    ],
    ['a literal that is cut off', packetHeader(TAG.literalData, 100)],
    [
      '10^6 packets',
      Buffer.concat([...literal(Buffer.alloc(1)), Buffer.alloc(2_000_000, Buffer.from([0xd5, 0]))]),
    ],
    ['junk', Buffer.alloc(100, 7)],
    ['nothing', packetHeader(TAG.padding, 0)],
  ])('inside: %s is refused', async (_name, content) => {
    expect(await ours(sealMessage(session, [content]))).toBeInstanceOf(Error);
  });

  test('inside: padding behind the literal is allowed', async () => {
    const data = noise(10, 'x');
    const message = sealMessage(session, [
      ...literal(data),
      packetHeader(TAG.padding, 100),
      Buffer.alloc(100),
    ]);
    expect(await ours(message)).toEqual(data);
    expect(await oracle(message)).toEqual(data);
  });

  test('a PKESK for somebody else, or another key in it', async () => {
    const other = await generateGenerationKey(new Date(Date.now() - 1000));
    const message = sealMessage(await newSession([other.toPublic()]), literal(Buffer.alloc(5)));
    expect(await ours(message)).toMatchObject({message: 'its session key cannot be opened'});
  });
});

describe('range reads', () => {
  const size = 5 * CHUNK_BYTES - 100;
  let data: Buffer;
  let message: Buffer;
  beforeAll(() => {
    data = Buffer.concat(literal(noise(size, 'range')));
    message = sealMessage(session, [data]);
  });

  test('any range gives the same bytes as the whole', () => {
    const facts = inspectMessage(message, message.length);
    fc.assert(
      fc.property(fc.nat(data.length - 1), fc.nat(3 * CHUNK_BYTES), (offset, more) => {
        const length = Math.min(more + 1, data.length - offset);
        const range = sealedRange(facts, offset, length);
        const bytes = Buffer.from(message.subarray(range.offset, range.offset + range.length));
        const opened = openRange(facts, session.key, bytes, range.firstChunk);
        const from = offset - range.firstChunk * CHUNK_BYTES;
        expect(opened.subarray(from, from + length).equals(data.subarray(offset, offset + length))).toBe(
          true,
        );
      }),
      {numRuns: 30},
    );
  });

  // Nothing that was not authenticated: one flipped bit anywhere in the range, another chunk, a cut one.
  test('a range authenticates every byte that it gives', () => {
    const facts = inspectMessage(message, message.length);
    const range = sealedRange(facts, CHUNK_BYTES + 5, CHUNK_BYTES);
    const bytes = message.subarray(range.offset, range.offset + range.length);
    expect(range.length).toBe(2 * SEALED_CHUNK);
    for (const at of [0, 1000, CHUNK_BYTES, SEALED_CHUNK, SEALED_CHUNK + 7, bytes.length - 1]) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 4;
      expect(() => openRange(facts, session.key, copy, range.firstChunk)).toThrow('altered');
    }
    const open = (bytes: Buffer, firstChunk: number) => () =>
      openRange(facts, session.key, Buffer.from(bytes), firstChunk);
    expect(open(bytes, range.firstChunk + 1)).toThrow('altered');
    expect(open(bytes.subarray(0, -1), range.firstChunk)).toThrow('altered');
    expect(open(bytes.subarray(0, SEALED_CHUNK + 16), range.firstChunk)).toThrow('cut off');
  });

  test('a range outside of the message is refused', () => {
    const facts = inspectMessage(message, message.length);
    for (const [offset, length] of [
      [-1, 5],
      [0, 0],
      [0, -1],
      [10 * CHUNK_BYTES, 1],
      [2 ** 52, 1],
    ] as const)
      expect(() => sealedRange(facts, offset, length)).toThrow('too short');
  });
});

test('parsers of packets throw nothing but PacketError', () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 300}), (bytes) => {
      for (const parse of [
        readPackets,
        literalData,
        (input: Uint8Array) => inspectMessage(input, input.length),
      ]) {
        try {
          parse(bytes);
        } catch (error) {
          expect((error as Error).constructor.name).toBe('PacketError');
        }
      }
    }),
    {numRuns: 2000},
  );
});

// E14: other implementations read what we write.
const missing = whyWithout('rsop', 'sqop');
describe.skipIf(missing !== undefined)(
  `other programs${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    test.each(['rsop', 'sqop'] as const)('%s decrypts what we encrypt', (program) => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-seipd-'));
      try {
        const keyFile = join(folder, 'key.asc');
        writeFileSync(keyFile, key.armor());
        for (const size of [0, 1, CHUNK_BYTES - 12, CHUNK_BYTES, 3 * CHUNK_BYTES]) {
          const data = noise(size, program);
          const output = execFileSync(openPgpProgram(program), ['decrypt', keyFile], {
            input: sealed(data),
            maxBuffer: 2 ** 24,
          });
          expect(output.equals(data), `${size} bytes`).toBe(true);
        }
        const cut = withBody(sealed(noise(2 * CHUNK_BYTES, 'x')), (body) =>
          body.subarray(0, 36 + SEALED_CHUNK + 16),
        );
        expect(() =>
          execFileSync(openPgpProgram(program), ['decrypt', keyFile], {input: cut, stdio: 'pipe'}),
        ).toThrow();
      } finally {
        rmSync(folder, {recursive: true});
      }
    });
  },
);

/** A message with partial lengths put together. */
function definite(message: Uint8Array): Buffer {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < message.length; ) {
    const tag = (message[at] ?? 0) & 0x3f;
    const parts: Uint8Array[] = [];
    for (at++; ; ) {
      const first = message[at] ?? 0;
      const isPartial = first >= 224 && first < 255;
      let length = 0;
      if (isPartial) [length, at] = [2 ** (first & 0x1f), at + 1];
      else if (first < 192) [length, at] = [first, at + 1];
      else if (first < 224) [length, at] = [((first - 192) << 8) + (message[at + 1] ?? 0) + 192, at + 2];
      else [length, at] = [Buffer.from(message).readUInt32BE(at + 1), at + 5];
      parts.push(message.subarray(at, at + length));
      at += length;
      if (!isPartial) break;
    }
    const body = Buffer.concat(parts);
    pieces.push(packetHeader(tag, body.length), body);
  }
  return Buffer.concat(pieces);
}

/** The same message, its encrypted packet in partial lengths. */
function partial(message: Buffer): Buffer {
  const {pkesks} = inspectMessage(message, message.length);
  const body = message.subarray(pkesks.length + 6);
  const rest = body.length - 512;
  return Buffer.concat([
    pkesks,
    Buffer.from([0xd2, 0xe9]),
    body.subarray(0, 512),
    Buffer.from([0xff, 0, 0, rest >> 8, rest & 0xff]),
    body.subarray(512),
  ]);
}
