/** Signed messages, armor and secrets (TESTING.md D4, D13, D16, D22, M1, M3). */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import * as openpgp from 'openpgp';
import {beforeAll, describe, expect, test} from 'vitest';
import {generateAgentKey} from '../../src/crypto/keygen.ts';
import {
  armor,
  decryptSmall,
  encryptToRecipients,
  SignatureError,
  signMessage,
  unarmor,
  verifyMessage,
} from '../../src/crypto/message.ts';
import {packetHeader, readPackets, TAG} from '../../src/crypto/packets.ts';
import {openPgpProgram, whyWithout} from '../support/openpgp-programs.ts';
import {noise} from '../support/trees.ts';

let key: openpgp.PrivateKey;
let other: openpgp.PrivateKey;
let message: Uint8Array;
const data = Buffer.from('{"signed":true}\r\n \xff', 'latin1');

beforeAll(async () => {
  [key, other] = (await Promise.all([0, 1].map(() => generateAgentKey(new Date(Date.now() - 60_000))))) as [
    openpgp.PrivateKey,
    openpgp.PrivateKey,
  ];
  message = await signMessage(data, key, new Date());
});

const check = (bytes: Uint8Array, ...keys: openpgp.PrivateKey[]) =>
  verifyMessage(
    bytes,
    (keys.length === 0 ? [key] : keys).map((one) => one.toPublic()),
  );
const packetsOf = (bytes: Uint8Array): Uint8Array[] =>
  readPackets(bytes).map(({start, bodyStart, bodyLength}) => bytes.subarray(start, bodyStart + bodyLength));

describe('verification', () => {
  test('gives back exactly the bytes that were signed, and who signed them', async () => {
    const {data: read, signer} = await check(message, other, key);
    expect(Buffer.from(read)).toEqual(data);
    expect(signer).toBe(key.getFingerprint());
  });

  // M1, D13
  test('what is not signed once, by a key that is known, is refused', async () => {
    const [onePass, literal, signature] = packetsOf(message) as [Uint8Array, Uint8Array, Uint8Array];
    const [, , foreign] = packetsOf(await signMessage(data, other, new Date())) as Uint8Array[];
    const twice = await openpgp.sign({
      message: await openpgp.createMessage({binary: data, format: 'binary'}),
      signingKeys: [key, other],
      format: 'binary',
    });
    const wrong: Record<string, Uint8Array> = {
      'the literal alone': literal,
      'no signature behind': Buffer.concat([onePass, literal]),
      'no one-pass packet': Buffer.concat([literal, signature]),
      'an old style signature': Buffer.concat([signature, literal]),
      "another key's signature": Buffer.concat([onePass, literal, foreign as Uint8Array]),
      'two signatures': twice,
      'two literals': Buffer.concat([onePass, literal, literal, signature]),
      'a packet behind': Buffer.concat([message, packetHeader(TAG.padding, 0)]),
      'a packet in front': Buffer.concat([packetHeader(10, 3), Buffer.from('PGP'), message]),
      'inside of compression': Buffer.concat([
        packetHeader(8, message.length + 1),
        Buffer.from([0]),
        message,
      ]),
      'compressed 32 times': Array.from({length: 32}).reduce<Uint8Array>(
        (inner) => Buffer.concat([packetHeader(8, inner.length + 1), Buffer.from([0]), inner]),
        message,
      ),
      nothing: Buffer.alloc(0),
      junk: Buffer.alloc(50, 1),
      '10^6 packets': Buffer.alloc(2_000_000, Buffer.from([0xd5, 0])),
    };
    for (const [what, bytes] of Object.entries(wrong)) {
      await expect(check(bytes), what).rejects.toBeInstanceOf(SignatureError);
      // With both keys known, the other one's signature is just what it is.
      if (what === "another key's signature")
        expect((await check(bytes, key, other)).signer).toBe(other.getFingerprint());
      else await expect(check(bytes, key, other), what).rejects.toBeInstanceOf(SignatureError);
    }
    await expect(check(message, other)).rejects.toThrow();
    await expect(verifyMessage(message, [])).rejects.toThrow();
  });

  // D1: whatever bit flips, it is refused or says the same.
  test('every byte, each with one bit flipped', async () => {
    let refused = 0;
    for (let at = 0; at < message.length; at++) {
      const copy = Buffer.from(message);
      copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
      const read = await check(copy).catch(() => undefined);
      if (read === undefined) refused++;
      else expect(Buffer.from(read.data), `byte ${at}`).toEqual(data);
    }
    expect(refused).toBeGreaterThan(message.length * 0.6);
  });

  // M5: clocks play no part.
  test.each([-3, 3])('a signature that is dated %i days from now counts', async (days) => {
    const date = new Date(Math.max(Date.now() + days * 86_400_000, key.getCreationTime().getTime()));
    await expect(check(await signMessage(data, key, date))).resolves.toBeDefined();
  });
});

describe('armor', () => {
  test('of any bytes comes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({minLength: 1, maxLength: 500}), async (bytes) => {
        expect(Buffer.from(await unarmor(armor(bytes)))).toEqual(Buffer.from(bytes));
      }),
      {numRuns: 50},
    );
  });

  // D4: one block, from the first line to the last.
  test('with anything around it, or twice, is refused', async () => {
    const text = armor(message);
    for (const wrong of [
      `x${text}`,
      `\n${text}`,
      `${text}\n\n`,
      `${text}x`,
      text + text,
      text.slice(10),
      '',
      `\ufeff${text}`,
      text.replace('MESSAGE', 'SIGNATURE'),
    ])
      await expect(unarmor(wrong), JSON.stringify(wrong.slice(0, 20))).rejects.toBeInstanceOf(SignatureError);
    expect(Buffer.from(await unarmor(text.trimEnd()))).toEqual(Buffer.from(message));
  });

  test('fuzz: nothing but SignatureError', async () => {
    const text = armor(message);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.string({maxLength: 5, unit: 'binary'}),
        fc.nat(20),
        async (at, put, cut) => {
          const result = await unarmor(text.slice(0, at) + put + text.slice(at + cut))
            .then(check)
            .catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(SignatureError);
          else expect(Buffer.from((result as {data: Uint8Array}).data)).toEqual(data);
        },
      ),
      {numRuns: 200},
    );
  });
});

describe('secrets to recipients', () => {
  const secret = noise(2000, 'secret');

  test('come back, to every recipient, and to nobody else', async () => {
    const bytes = await encryptToRecipients(secret, [key.toPublic(), other.toPublic()]);
    for (const one of [key, other]) expect(Buffer.from(await decryptSmall(bytes, one))).toEqual(secret);
    const forOne = await encryptToRecipients(secret, [key.toPublic()]);
    await expect(decryptSmall(forOne, other)).rejects.toThrow();
  });

  // D22, M3
  test('a bomb in compression is stopped', async () => {
    const bytes = await openpgp.encrypt({
      message: await openpgp.createMessage({binary: Buffer.alloc(20 * 2 ** 20), format: 'binary'}),
      encryptionKeys: key.toPublic(),
      format: 'binary',
      config: {preferredCompressionAlgorithm: openpgp.enums.compression.zlib},
    });
    expect(bytes.length).toBeLessThan(100_000);
    await expect(decryptSmall(bytes, key)).rejects.toThrow(/decompress/i);
  });

  // D16
  test('without integrity they are refused, and so is half of them', async () => {
    const bytes = await encryptToRecipients(secret, [key.toPublic()]);
    await expect(decryptSmall(bytes.subarray(0, bytes.length - 1), key)).rejects.toThrow();
    const copy = Buffer.from(bytes);
    copy[copy.length - 30] = (copy[copy.length - 30] ?? 0) ^ 1;
    await expect(decryptSmall(copy, key)).rejects.toThrow();
  });
});

// E14
const missing = whyWithout('rsop', 'sqop');
describe.skipIf(missing !== undefined)(
  `other programs${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    test.each(['rsop', 'sqop'] as const)('%s verifies what an agent signed', (program) => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-message-'));
      try {
        writeFileSync(join(folder, 'cert.asc'), key.toPublic().armor());
        const input = armor(message);
        const output = execFileSync(openPgpProgram(program), ['inline-verify', join(folder, 'cert.asc')], {
          input,
          stdio: 'pipe',
        });
        expect(output).toEqual(data);
      } finally {
        rmSync(folder, {recursive: true});
      }
    });
  },
);
