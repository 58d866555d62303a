import * as openpgp from 'openpgp';
import {describe, expect, test} from 'vitest';
import {generateRecipientKey} from '../../src/crypto/keygen.ts';
import {readPrivateKey, unlockPrivateKey} from '../../src/crypto/keys.ts';
import {HoldfastError, KeyError, PassphraseError} from '../../src/errors.ts';
import {Secret} from '../../src/system/secret.ts';
import {bare, failure, fixture, flipped, RECIPIENTS} from '../support/keys.ts';

const now = new Date('2026-12-01T00:00:00Z');
const right = new Secret('test');

describe('a private key', () => {
  test.each([
    ...RECIPIENTS.map(([name]) => name),
    'gnupg-expired',
    'gnupg-revoked',
    'gnupg-rsa-1024',
    'gnupg-sha1',
    'gnupg-curve25519-without-primary',
  ])(
    '%s opens, and decrypts whatever its age', // Restoring never refuses a key for its age.
    async (name) => {
      const locked = await readPrivateKey(fixture(`${name}.private.asc`), name);
      expect(locked).toMatchObject({needsPassphrase: true, proven: true});
      const key = await unlockPrivateKey(locked, right);
      expect(key.getFingerprint()).toBe(locked.fingerprint);
      const date = new Date('2020-06-01');
      const message = await openpgp.createMessage({text: 'old data'});
      const weak = {minRSABits: 1024};
      const encryptionKeys = key.toPublic();
      encryptionKeys.revocationSignatures = []; // As it was before.
      const old = name === 'gnupg-expired' ? date : (null as unknown as Date);
      const encrypted = await openpgp.encrypt({
        message,
        encryptionKeys,
        format: 'binary',
        date: old,
        config: weak,
      });
      for (const when of [null as unknown as Date, now]) {
        const {data} = await openpgp.decrypt({
          message: await openpgp.readMessage({binaryMessage: encrypted}),
          decryptionKeys: key,
          date: when,
        });
        expect(data).toBe('old data');
      }
      const wrong = await failure(unlockPrivateKey(locked, new Secret('tesT')));
      expect(wrong).toBeInstanceOf(PassphraseError); // E1
      expect(wrong.message).toBe(`The passphrase does not open ${name}.`);
      expect(wrong.hint).toContain('the file itself is whole');
      expect(await failure(unlockPrivateKey(locked, undefined))).toMatchObject({
        code: 'PASSPHRASE',
        message: `${name} needs its passphrase.`,
      });
    },
  );

  test.each(['sequoia-v4-plain', 'sequoia-v6-plain'])('%s needs no passphrase', async (name) => {
    const locked = await readPrivateKey(fixture(`${name}.private.asc`), name);
    expect(locked.needsPassphrase).toBe(false);
    expect((await unlockPrivateKey(locked, undefined)).isDecrypted()).toBe(true);
    expect((await unlockPrivateKey(locked, right)).isDecrypted()).toBe(true);
  });

  test('is told from a public one', async () => {
    expect((await failure(readPrivateKey(fixture('gnupg-curve25519.public.asc'), 'x.asc'))).message).toBe(
      'x.asc is a public key; here the private key is needed.',
    );
  });

  test('takes a passphrase that is not ASCII', async () => {
    const {privateKey} = await generateRecipientKey({
      name: 'x',
      compat: 'gpg',
      passphrase: new Secret('pässword 🔑'),
      now,
    });
    const locked = await readPrivateKey(Buffer.from(privateKey), 'x');
    await expect(unlockPrivateKey(locked, new Secret('pässword 🔑'))).resolves.toBeDefined();
  });
});

/** What happens when this file is read and opened with the right passphrase. */
async function outcomeOf(file: Uint8Array): Promise<HoldfastError | openpgp.PrivateKey> {
  try {
    return await unlockPrivateKey(await readPrivateKey(file, 'x.asc'), right);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

describe('damage is not taken for a wrong passphrase, nor the other way round', () => {
  test.each([undefined, 'gpg'] as const)(
    'in a key of ours, compat %s: any byte of the text',
    async (compat) => {
      const {privateKey, fingerprint} = await generateRecipientKey({
        name: 'Ops',
        compat,
        passphrase: right,
        now,
      });
      const file = Buffer.from(privateKey);
      const contentFrom = privateKey.indexOf('\n\n');
      for (let at = 0; at < file.length; at++) {
        if (at > privateKey.indexOf('Comment') - 2 && at < privateKey.indexOf('SHA') + 7) continue; // Below.
        const outcome = await outcomeOf(flipped(file, at));
        const where = `byte ${at} of ${file.length}, content from ${contentFrom}`;
        if (outcome instanceof KeyError) continue;
        // A changed line end may leave the content whole; then it opens.
        expect(outcome, where).toBeInstanceOf(openpgp.PrivateKey);
        expect((outcome as openpgp.PrivateKey).getFingerprint(), where).toBe(fingerprint);
      }
      for (let length = 0; length < file.length - 2; length += 97)
        expect(await outcomeOf(file.subarray(0, length)), `cut at ${length}`).toBeInstanceOf(KeyError);
      expect(await outcomeOf(Buffer.from(privateKey.replace('Comment: SHA', 'Komment: SHA')))).toBeInstanceOf(
        KeyError,
      );
      const wrong = unlockPrivateKey(await readPrivateKey(file, 'x.asc'), new Secret('wrong'));
      expect((await failure(wrong)).hint).toContain('the file itself is whole');
    },
  );

  // Without any checksum: the parts of a key bear witness for each other.
  test.each([
    ['gnupg-curve25519', 23], // v4, CFB
    ['gnupg-rsa-2048', 127],
    ['sequoia-v4', 97],
    ['sequoia-v6', 83], // v6, AEAD
    ['rpgp-v6', 67],
    ['sequoia-v6-plain', 5], // v6, no protection: no checksum at all
    ['sequoia-v4-plain', 61],
  ])('in %s without a checksum: every %i bytes', {timeout: 60_000}, async (name, step) => {
    const bytes = bare(`${name}.private.asc`);
    const {fingerprint} = await readPrivateKey(bytes, 'x.asc');
    let told = 0;
    for (let at = 0; at < bytes.length; at += step) {
      const outcome = await outcomeOf(flipped(bytes, at));
      if (outcome instanceof KeyError) told++;
      // Some bytes of a signature are under no signature; the key is whole without them.
      else expect(outcome, `byte ${at}`).toBeInstanceOf(openpgp.PrivateKey);
      if (outcome instanceof openpgp.PrivateKey) expect(outcome.getFingerprint()).toBe(fingerprint);
    }
    expect(told).toBeGreaterThan(bytes.length / step / 2);
  });

  test('and where they cannot be told apart, the message says so', async () => {
    const bytes = bare('gnupg-curve25519-without-primary.private.asc'); // One secret part alone.
    const wrong = await failure(unlockPrivateKey(await readPrivateKey(bytes, 'x.asc'), new Secret('wrong')));
    expect(wrong.message).toBe(
      'Either the passphrase is wrong, or x.asc is damaged: it has no checksum that would tell.',
    );
    const two = await failure(
      unlockPrivateKey(await readPrivateKey(bare('sequoia-v6.private.asc'), 'x.asc'), new Secret('wrong')),
    );
    expect(two).toBeInstanceOf(PassphraseError);
    expect(two.hint).toContain('another copy');
  });
});
