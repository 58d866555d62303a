import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as openpgp from 'openpgp';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {
  type GeneratedKey,
  generateAgentKey,
  generateGenerationKey,
  generateRecipientKey,
} from '../../src/crypto/keygen.ts';
import {inspectKey, readPrivateKey, readRecipient, unlockPrivateKey} from '../../src/crypto/keys.ts';
import {UsageError} from '../../src/errors.ts';
import {Secret} from '../../src/system/secret.ts';
import {GnupgHome} from '../support/gnupg.ts';
import {type OpenPgpProgram, openPgpProgram, whyWithout} from '../support/openpgp-programs.ts';

const now = new Date();
const text = 'generation secrets';
const passphrase = new Secret('correct horse');
const anyTime = null as unknown as Date;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-keygen-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

/** Writes files into the scratch folder and returns the path of the first. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content, {mode: 0o600});
  return path;
}

function run(program: OpenPgpProgram, args: string[], input: string | Uint8Array = ''): Buffer {
  const env = {...process.env, SEQUOIA_HOME: join(folder, 'sequoia')};
  return execFileSync(openPgpProgram(program), args, {
    input,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 30_000,
  });
}

async function encryptTo(publicKey: string): Promise<Uint8Array> {
  const {key} = await readRecipient(Buffer.from(publicKey), 'public', now);
  const message = await openpgp.createMessage({binary: Buffer.from(text)});
  return openpgp.encrypt({message, encryptionKeys: key, format: 'binary', date: anyTime});
}

async function decryptWith({privateKey}: GeneratedKey, binaryMessage: Uint8Array): Promise<string> {
  const decryptionKeys = await unlockPrivateKey(
    await readPrivateKey(Buffer.from(privateKey), 'private'),
    passphrase,
  );
  const {data} = await openpgp.decrypt({
    message: await openpgp.readMessage({binaryMessage}),
    decryptionKeys,
    date: anyTime,
  });
  return data as string;
}

async function seipdVersion(binaryMessage: Uint8Array): Promise<number | undefined> {
  const {packets} = await openpgp.readMessage({binaryMessage});
  const [seipd] = packets.filterByTag(openpgp.enums.packet.symEncryptedIntegrityProtectedData);
  return (seipd as unknown as {version: number} | undefined)?.version;
}

describe('a recipient key', () => {
  test('is v6, says X25519 and AEAD, and protects its secret part with Argon2', async () => {
    const made = await generateRecipientKey({name: 'Ops <ops@example.org>', passphrase, now});
    const facts = await inspectKey(Buffer.from(made.privateKey), now);
    expect(facts).toMatchObject({
      version: 6,
      algorithm: 'X25519 + Ed25519',
      userIds: ['Ops <ops@example.org>'],
      private: true,
      passphrase: true,
      expires: null,
    });
    expect(await inspectKey(Buffer.from(made.publicKey), now)).toMatchObject({
      fingerprint: made.fingerprint,
      usable: true,
      private: false,
    });
    expect(made.publicKey).not.toContain('\n=');
    const {keyPacket, subkeys} = await openpgp.readPrivateKey({armoredKey: made.privateKey});
    for (const packet of [keyPacket, subkeys[0]?.keyPacket])
      expect(packet).toMatchObject({s2kUsage: 253, aead: 3, s2k: {type: 'argon2'}});
    const message = await encryptTo(made.publicKey);
    expect(await seipdVersion(message)).toBe(2);
    expect(await decryptWith(made, message)).toBe(text);
  });

  test.each([undefined, 'gpg'] as const)('can expire, and be revoked, compat %s', async (compat) => {
    const made = await generateRecipientKey({name: 'Ops', compat, expiresSeconds: 3600, now});
    const {expires} = await readRecipient(Buffer.from(made.publicKey), 'public', now);
    expect(expires?.getTime()).toBe(Math.floor(now.getTime() / 1000) * 1000 + 3_600_000);
    const later = new Date(now.getTime() + 3_700_000);
    await expect(readRecipient(Buffer.from(made.publicKey), 'public', later)).rejects.toThrow(
      'it expired on',
    );
    const key = await openpgp.readKey({armoredKey: made.publicKey});
    const revoked = await openpgp.revokeKey({key, revocationCertificate: made.revocation, format: 'armored'});
    await expect(readRecipient(Buffer.from(revoked.publicKey), 'public', now)).rejects.toThrow(
      'it is revoked',
    );
    await expect(readRecipient(Buffer.from(made.revocation), 'public', now)).rejects.toThrow(
      'revocation certificate',
    );
  });

  test.each([
    ['Ops', ['Ops']],
    [' Ops Team (night) <ops@example.org> ', ['Ops Team (night) <ops@example.org>']],
    ['<ops@example.org>', ['<ops@example.org>']],
    ['Χρήστος', ['Χρήστος']],
  ])('may be named %s', async (name, userIds) => {
    const {publicKey} = await generateRecipientKey({name, now});
    expect((await inspectKey(Buffer.from(publicKey), now)).userIds).toEqual(userIds);
  });

  test.each(['', '  ', 'a\nb', 'a <b', 'a <no address>', 'a\u0000'])('is not named %j', async (name) => {
    await expect(generateRecipientKey({name, now})).rejects.toThrow(UsageError);
  });

  test('is never made twice', async () => {
    const keys = await Promise.all([1, 2].map(() => generateRecipientKey({name: 'Ops', now}))); // E15
    expect(new Set(keys.map(({fingerprint}) => fingerprint)).size).toBe(2);
  });
});

test('agent and generation keys are v6 Ed25519 with an X25519 subkey, and open', async () => {
  for (const [key, name] of [
    [await generateAgentKey(now), 'Holdfast agent'],
    [await generateGenerationKey(now), 'Holdfast generation'],
  ] as const) {
    expect(key.getUserIDs()).toEqual([name]);
    expect(key.isDecrypted()).toBe(true);
    expect(key.keyPacket).toMatchObject({version: 6, algorithm: openpgp.enums.publicKey.ed25519});
    expect(key.subkeys.map(({keyPacket}) => keyPacket.algorithm)).toEqual([openpgp.enums.publicKey.x25519]);
    expect(key.getFingerprint()).toMatch(/^[0-9a-f]{64}$/);
  }
});

const noGpg = whyWithout('gpg');
describe.skipIf(noGpg)(`a key for GnuPG ${noGpg ?? ''}`, () => {
  let made: GeneratedKey;
  let gnupg: GnupgHome;

  beforeAll(async () => {
    gnupg = new GnupgHome(passphrase.reveal());
    made = await generateRecipientKey({name: 'Ops <ops@example.org>', compat: 'gpg', passphrase, now});
    gnupg.run(['--import', file('gpg.private.asc', made.privateKey)]);
  });
  afterAll(() => gnupg[Symbol.dispose]());

  test('says nothing of algorithms that GnuPG 2.2 lacks, or gpg would warn of it at the import', async () => {
    const key = await openpgp.readKey({armoredKey: made.publicKey});
    const {hash} = openpgp.enums;
    const preferred = key.users.flatMap(({selfCertifications}) =>
      selfCertifications.map(({preferredHashAlgorithms}) => preferredHashAlgorithms),
    );
    expect(preferred).toEqual([[hash.sha512, hash.sha256]]);
    const {selfCertification} = await key.getPrimaryUser(now);
    expect(selfCertification.rawNotations).toHaveLength(1);
  });

  test('is v4, gets SEIPD v1 messages, and GnuPG lists and opens it', async () => {
    expect(await inspectKey(Buffer.from(made.privateKey), now)).toMatchObject({
      version: 4,
      algorithm: 'Curve25519',
      passphrase: true,
    });
    const listed = gnupg.run(['--with-colons', '--list-secret-keys']).toString();
    expect(listed).toContain(made.fingerprint.toUpperCase());
    expect(listed).toMatch(/^ssb:.*:e:/m);
    const message = await encryptTo(made.publicKey);
    expect(await seipdVersion(message)).toBe(1);
    expect(gnupg.run(['--decrypt'], message).toString()).toBe(text);
    gnupg.forget();
    expect(() => gnupg.run(['--decrypt'], message, 'wrong')).toThrow(/Bad passphrase/);
  });

  test('opens what GnuPG encrypts to it', async () => {
    const message = gnupg.run(
      ['--trust-model', 'always', '--recipient', made.fingerprint, '--encrypt'],
      text,
    );
    expect(await decryptWith(made, message)).toBe(text);
  });

  test('stands beside a v6 recipient: each opens the same message', async () => {
    const modern = await generateRecipientKey({name: 'Modern', passphrase, now});
    const encryptionKeys: openpgp.PublicKey[] = [];
    for (const {publicKey} of [modern, made])
      encryptionKeys.push((await readRecipient(Buffer.from(publicKey), 'public', now)).key);
    const plain = await openpgp.createMessage({binary: Buffer.from(text)});
    const message = await openpgp.encrypt({message: plain, encryptionKeys, format: 'binary', date: anyTime});
    expect(await seipdVersion(message)).toBe(1);
    expect(gnupg.run(['--decrypt'], message).toString()).toBe(text);
    expect(await decryptWith(modern, message)).toBe(text);
    expect(await decryptWith(made, message)).toBe(text);
  });

  test('comes back from GnuPG as a key that we open', async () => {
    const exported = gnupg.run(['--export-secret-keys', made.fingerprint]);
    const key = await unlockPrivateKey(await readPrivateKey(exported, 'exported'), passphrase);
    expect(key.getFingerprint()).toBe(made.fingerprint);
  });

  test('is revoked in GnuPG by its certificate', () => {
    gnupg.run(['--import', file('gpg.revocation.asc', made.revocation)]);
    expect(gnupg.run(['--with-colons', '--list-keys']).toString()).toMatch(/^pub:r:/m);
  });
});

const noOthers = whyWithout('rsop', 'sqop', 'sq');
describe.skipIf(noOthers)(`other RFC 9580 programs ${noOthers ?? ''}`, () => {
  const fixtures = join(import.meta.dirname, '../fixtures/keys');
  let made: GeneratedKey;
  let password: string;

  beforeAll(async () => {
    made = await generateRecipientKey({name: 'Ops <ops@example.org>', passphrase, now});
    password = file('password', passphrase.reveal());
    file('public.asc', made.publicKey);
    file('private.asc', made.privateKey);
  });

  // E14
  test.each(['rsop', 'sqop'] as const)('%s opens what we encrypt, with our private key', async (program) => {
    const opened = run(
      program,
      ['decrypt', `--with-key-password=${password}`, join(folder, 'private.asc')],
      await encryptTo(made.publicKey),
    );
    expect(opened.toString()).toBe(text);
  });

  test.each(['rsop', 'sqop'] as const)('we open what %s encrypts to our public key', async (program) => {
    const message = run(program, ['encrypt', '--no-armor', join(folder, 'public.asc')], text);
    expect(await seipdVersion(message)).toBe(2);
    expect(await decryptWith(made, message)).toBe(text);
  });

  test('sq finds nothing wrong with our key', () => {
    expect(
      run('sq', ['inspect', join(folder, 'public.asc')])
        .toString()
        .toLowerCase(),
    ).toContain(made.fingerprint);
    const lint = run('sq', ['cert', 'lint', '--cert-file', join(folder, 'public.asc')]).toString();
    expect(lint).not.toMatch(/weak|SHA-?1|expired/i);
  });

  test('sq revokes our key by its certificate', () => {
    run('sq', ['cert', 'import', join(folder, 'public.asc')]);
    run('sq', ['cert', 'import', file('revocation.asc', made.revocation)]);
    expect(run('sq', ['inspect', '--cert', made.fingerprint]).toString()).toMatch(/revoked/i);
  });

  test.each(['sequoia-v4', 'sequoia-v6', 'rpgp-v6'])(
    'what we encrypt to %s opens with its own program',
    async (name) => {
      const program = name === 'rpgp-v6' ? 'rsop' : 'sqop';
      const message = await encryptTo(readFileSync(join(fixtures, `${name}.public.asc`), 'utf8'));
      const opened = run(
        program,
        [
          'decrypt',
          `--with-key-password=${file('test-password', 'test')}`,
          join(fixtures, `${name}.private.asc`),
        ],
        message,
      );
      expect(opened.toString()).toBe(text);
    },
  );
});
