import {createHash, randomBytes} from 'node:crypto';
import {inspect} from 'node:util';
import * as openpgp from 'openpgp';
import {describe, expect, test} from 'vitest';
import {inspectKey, readPrivateKey, readRecipient} from '../../src/crypto/keys.ts';
import {KeyError, PrivateKeyPresentError} from '../../src/errors.ts';
import {Secret} from '../../src/system/secret.ts';
import {bare, failure, fixture, flipped, RECIPIENTS} from '../support/keys.ts';

const now = new Date('2026-12-01T00:00:00Z');

test('a secret shows itself only to who asks', () => {
  const secret = new Secret('hunter2');
  const shown = [
    `${secret}`,
    JSON.stringify({secret}),
    inspect({secret}, {showHidden: true, depth: 9}),
    String(new Error(`${secret}`)),
  ];
  expect(shown.join()).not.toContain('hunter2'); // J1
  expect(secret.reveal()).toBe('hunter2');
});

describe('a recipient', () => {
  test.each(RECIPIENTS)('%s is taken and told as %s', async (name, algorithm, version) => {
    const file = fixture(`${name}.public.asc`);
    const recipient = await readRecipient(file, name, now);
    const facts = await inspectKey(file, now);
    expect(facts).toMatchObject({
      fingerprint: recipient.fingerprint,
      algorithm,
      version,
      private: false,
      passphrase: false,
      expires: null,
      usable: true,
      reason: null,
    });
    expect(facts.userIds[0]).toMatch(new RegExp(`^Test ${name}`));
    expect(recipient.fingerprint).toMatch(version === 6 ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/);
    expect(recipient.key.isPrivate()).toBe(false);
    const message = await openpgp.encrypt({
      message: await openpgp.createMessage({text: 'x'}),
      encryptionKeys: recipient.key,
      format: 'object',
    });
    expect(facts.encryptsAs).toEqual(message.getEncryptionKeyIDs().map((id) => id.toHex()));
    expect(await inspectKey(fixture(`${name}.private.asc`), now)).toMatchObject({
      fingerprint: recipient.fingerprint,
      private: true,
      passphrase: true,
      usable: false,
      reason: 'it is a private key; a recipient is its public half',
    });
  });

  // E2, E3, E6: every fault by its own name
  test.each([
    ['gnupg-expired', 'it expired on 2020-12-31'],
    ['gnupg-subkey-expired', 'its encryption subkey expired on 2020-12-31'],
    ['gnupg-revoked', 'it is revoked'],
    ['gnupg-sign-only', 'it has no encryption subkey: it can only sign'],
    ['gnupg-rsa-1024', 'it is too weak (RSA-1024)'],
    ['gnupg-dsa-elgamal', 'it is too weak (DSA); its encryption subkey is too weak (ElGamal)'],
    [
      'gnupg-sha1',
      'its self-signatures use SHA-1 or older, which can be forged; its encryption subkey is bound with SHA-1 or older, which can be forged',
    ],
  ])('%s is refused', async (name, reason) => {
    const file = fixture(`${name}.public.asc`);
    const error = await failure(readRecipient(file, 'ops.asc', now));
    expect(error).toBeInstanceOf(KeyError);
    expect(error.message).toBe(`ops.asc: this key cannot be a recipient: ${reason}.`);
    expect(await inspectKey(file, now)).toMatchObject({usable: false, reason});
  });

  test('with a revoked user id is refused', async () => {
    const {privateKey} = await openpgp.generateKey({
      userIDs: [{name: 'x'}],
      format: 'object',
      date: new Date('2026-11-01'),
    });
    const signer = privateKey.keyPacket as unknown as openpgp.PrivateKey['keyPacket'];
    for (const [index, user] of privateKey.users.entries()) {
      privateKey.users[index] = await user.revoke(signer as openpgp.SecretKeyPacket, undefined, now);
    }
    const error = await failure(readRecipient(privateKey.toPublic().write(), 'ops.asc', now));
    expect(error.message).toContain('recipient: its user id is revoked.');
  });

  test('on a curve that openpgp.js cannot verify is refused as that, not as damaged', async () => {
    const refused = failure(readRecipient(fixture('gnupg-brainpoolP256r1.public.asc'), 'ops.asc', now));
    expect((await refused).message).toContain('it uses the curve brainpoolP256r1, which is not supported');
    const locked = failure(readPrivateKey(fixture('gnupg-brainpoolP256r1.private.asc'), 'ops.asc'));
    expect((await locked).message).toContain('uses the curve brainpoolP256r1, which is not supported');
  });

  test('that had expired by now was fit before', async () => {
    const {expires} = await readRecipient(
      fixture('gnupg-expired.public.asc'),
      'ops.asc',
      new Date('2020-06-01'),
    );
    expect(expires?.toISOString()).toBe('2020-12-31T00:00:00.000Z');
  });

  test('that was revoked later was fit before', async () => {
    expect(
      (await readRecipient(fixture('gnupg-before-revocation.public.asc'), 'ops.asc', now)).expires,
    ).toBeNull();
  });

  test('keeps only the subkey that is fit: with date null, openpgp.js takes the newest, expired or not', async () => {
    const {key} = await readRecipient(fixture('gnupg-newer-subkey-expired.public.asc'), 'ops.asc', now);
    expect(key.subkeys.map((subkey) => subkey.getCreationTime().toISOString().slice(0, 10))).toEqual([
      '2020-01-01',
    ]);
    expect((await key.getEncryptionKey(undefined, null)).getKeyID().toHex()).toBe(
      key.subkeys[0]?.getKeyID().toHex(),
    );
  });

  test('from the future: the message says clock', async () => {
    const past = new Date('2024-12-31T23:00:00Z'); // E4
    const error = await failure(readRecipient(fixture('gnupg-curve25519.public.asc'), 'ops.asc', past));
    expect(error.message).toContain(
      "it was made at 2025-01-01T00:00:00.000Z, which is in the future by this machine's clock",
    );
    expect(error.hint).toContain('clock');
  });

  test('from a clock that is a little ahead is taken, and messages to it can be made', async () => {
    const {key} = await readRecipient(
      fixture('gnupg-curve25519.public.asc'),
      'ops.asc',
      new Date('2024-12-31T23:55:00Z'),
    );
    const message = await openpgp.createMessage({binary: randomBytes(10)});
    await expect(
      openpgp.encrypt({message, encryptionKeys: key, format: 'binary', date: null as unknown as Date}),
    ).resolves.toBeDefined();
  });

  test('may be binary, have a byte order mark, CRLF, UTF-16, or text around it', async () => {
    const text = fixture('gnupg-curve25519.public.asc').toString(); // E9
    const {fingerprint} = await readRecipient(Buffer.from(text), 'ops.asc', now);
    const forms = {
      binary: fixture('gnupg-curve25519.public.pgp'),
      bom: Buffer.from(`\ufeff${text}`),
      crlf: Buffer.from(text.replaceAll('\n', '\r\n')),
      powershell: Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'utf16le'),
      mail: Buffer.from(`Dear all,\nhere is the key:\n${text}-- \nOps`),
      'no end of line': Buffer.from(text.trimEnd()),
      comments: Buffer.from(text.replace('\n', '\nVersion: 1\nComment: hello: world\n')),
    };
    for (const [form, bytes] of Object.entries(forms))
      expect((await readRecipient(bytes, form, now)).fingerprint, form).toBe(fingerprint);
  });
});

describe('a private key where a public one belongs', () => {
  const privateText = fixture('gnupg-curve25519.private.asc').toString();
  // E8
  test.each([
    ['armored', Buffer.from(privateText)],
    ['binary', fixture('gnupg-curve25519.private.pgp')],
    ['without its primary secret', fixture('gnupg-curve25519-without-primary.private.asc')],
    ['without a passphrase', fixture('sequoia-v6-plain.private.asc')],
    ['behind a public key', Buffer.concat([fixture('gnupg-rsa-2048.public.asc'), Buffer.from(privateText)])],
    ['called public in its armor', Buffer.from(privateText.replaceAll('PRIVATE', 'PUBLIC'))],
    ['cut off', Buffer.from(privateText.slice(0, 300))],
    ['in UTF-16', Buffer.from(`\ufeff${privateText}`, 'utf16le')],
    ['of SSH', Buffer.from('-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n')],
  ])('is refused: %s', async (_, bytes) => {
    const error = await failure(readRecipient(bytes, 'ops.asc', now));
    expect(error).toBeInstanceOf(PrivateKeyPresentError);
    expect(error.message).toBe('ops.asc: this is a private key; it must not be on this machine.');
  });
});

describe('a file that is not one key', () => {
  const publicText = fixture('gnupg-curve25519.public.asc').toString();
  // E9
  test.each([
    ['is empty', Buffer.alloc(0)],
    ['is not an OpenPGP key', Buffer.from('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ops@example\n')],
    ['is not an OpenPGP key', createHash('sha512').update('junk').digest()],
    ['is not an OpenPGP key', Buffer.from('é, a text')],
    [
      'holds several keys',
      Buffer.concat([fixture('gnupg-rsa-2048.public.asc'), fixture('gnupg-rsa-3072.public.asc')]),
    ],
    [
      'holds several keys',
      Buffer.concat([bare('gnupg-rsa-2048.public.asc'), bare('gnupg-rsa-3072.public.asc')]),
    ],
    ['is a revocation certificate, not a key', fixture('gnupg-revoked.revocation.asc')],
    [
      'is damaged: it has no line "-----END PGP PUBLIC KEY BLOCK-----", so it was cut off',
      Buffer.from(publicText.slice(0, 400)),
    ],
    [
      'is damaged: its content does not match its checksum',
      Buffer.from(publicText.replace(/^(mDM.)./m, '$1z')),
    ],
    [
      'is damaged: its text holds characters that are not base64',
      Buffer.from(publicText.replace(/^mDM/m, 'm*M')),
    ],
    [
      'is damaged: it ends in the middle, or a length in it is wrong',
      bare('gnupg-rsa-2048.public.asc').subarray(0, 900),
    ],
    ['is damaged: its primary key is missing', bare('gnupg-rsa-2048.public.asc').subarray(269 + 3)],
  ])('%s', async (words, bytes) => {
    expect((await failure(readRecipient(bytes, 'ops.asc', now))).message).toContain(`ops.asc ${words}`);
    await expect(inspectKey(bytes, now)).rejects.toThrow(KeyError);
    await expect(readPrivateKey(bytes, 'ops.asc')).rejects.toThrow(KeyError);
  });

  test('is a message, a signature, or signed text', async () => {
    const {privateKey} = await openpgp.generateKey({userIDs: [{name: 'x'}], format: 'object'});
    const text = {text: 'hello'};
    const message = await openpgp.encrypt({message: await openpgp.createMessage(text), passwords: 'x'});
    const signature = await openpgp.sign({
      message: await openpgp.createMessage(text),
      signingKeys: privateKey,
      detached: true,
    });
    const signed = await openpgp.sign({
      message: await openpgp.createCleartextMessage(text),
      signingKeys: privateKey,
    });
    const words = {
      [message]: 'an OpenPGP message, not a key',
      [signature]: 'a signature, not a key',
      [signed]: 'a signature, not a key',
    };
    for (const [file, what] of Object.entries(words)) {
      expect((await failure(readRecipient(Buffer.from(file), 'ops.asc', now))).message).toBe(
        `ops.asc is ${what}.`,
      );
    }
  });

  test.each([
    [3, 'it is of version 3, which is too weak'],
    [5, 'its version, 5, is none of RFC 9580'],
  ])('of version %i', async (version, words) => {
    const bytes = bare('gnupg-rsa-2048.public.asc');
    bytes[3] = version; // After a header of three octets.
    expect((await failure(readRecipient(bytes, 'ops.asc', now))).message).toContain(words);
  });

  test('whose user id would write on the terminal shows it harmlessly', async () => {
    const {publicKey} = await openpgp.generateKey({
      userIDs: [{name: 'evil\u001b[2J\u202e'}],
      format: 'object',
      date: new Date('2026-11-01'),
    });
    expect((await inspectKey(publicKey.write(), now)).userIds).toEqual(['evil\ufffd[2J\ufffd']);
  });

  test('damage in a public key never passes as another reason, nor unnoticed', async () => {
    const bytes = bare('gnupg-curve25519.public.asc');
    const {fingerprint} = await readRecipient(bytes, 'ops.asc', now);
    for (let at = 0; at < bytes.length; at += 3) {
      const outcome = await readRecipient(flipped(bytes, at), 'ops.asc', now).catch(
        (error: unknown) => error,
      );
      // What is not under a signature (such as the issuer hint) may change; the key may not.
      if (outcome instanceof Error)
        expect(outcome.message, `byte ${at}`).toMatch(
          /damaged|not an OpenPGP key|version|is a signature|message, not a key|private key|it can only sign/,
        );
      else expect(outcome, `byte ${at}`).toMatchObject({fingerprint});
    }
  });
});
