/** Without our code: other OpenPGP programs, tar and zstd open what a backup wrote (issue 2, "Must hold" 2 and 3; TESTING.md E10, E14). */
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as openpgp from 'openpgp';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {readPrivateKey, readRecipient} from '../src/crypto/keys.ts';
import {unlockPrivateKey} from '../src/crypto/private-key.ts';
import type {BackedUp} from '../src/operations/backup.ts';
import {Secret} from '../src/system/secret.ts';
import {GnupgHome} from './support/gnupg.ts';
import {fixture} from './support/keys.ts';
import {Machine, sharedRecipient} from './support/machine.ts';
import {type OpenPgpProgram, openPgpProgram, whyWithout} from './support/openpgp-programs.ts';
import {describeTree, noise} from './support/trees.ts';

/** Keys of every kind that somebody may have; the passphrase of the locked ones is `test`. */
const KINDS = ['gnupg-rsa-3072', 'gnupg-curve25519', 'sequoia-v4', 'sequoia-v6', 'rpgp-v6'] as const;

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-interop-'));
let machine: Machine;
let done: BackedUp;
let place: string;

beforeAll(async () => {
  machine = await Machine.create();
  const made = await sharedRecipient();
  machine.recipients = [made.recipient];
  for (const kind of KINDS)
    machine.recipients = [
      ...machine.recipients,
      await readRecipient(fixture(`${kind}.public.asc`), kind, new Date()),
    ];
  writeFileSync(join(machine.source, 'small'), 'small');
  writeFileSync(join(machine.source, 'large'), noise(5 << 20, 'interop'));
  mkdirSync(join(machine.source, 'folder'));
  writeFileSync(join(machine.source, 'folder/twin'), 'small');
  done = await machine.backup();
  place = join(machine.repositoryFolder, 'files', done.generation);
  writeFileSync(join(scratch, 'passphrase'), 'test', {mode: 0o600});
});
afterAll(async () => {
  rmSync(scratch, {recursive: true, force: true});
  await machine?.[Symbol.asyncDispose]();
});

const packs = (): string[] =>
  readdirSync(join(place, 'packs'), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.pgp'))
    .map((name) => join(place, 'packs', name));

/** The armored private key of the generation, from what a program made of generation.pgp. */
function generationKey(secrets: Buffer): string {
  const {privateKey} = JSON.parse(secrets.toString()) as {privateKey: string};
  const path = join(scratch, 'generation-key');
  writeFileSync(path, privateKey, {mode: 0o600});
  return path;
}

// E14: every pack is OpenPGP around zstd around tar, whatever program opens it.
describe.each(['rsop', 'sqop'] as const)('%s', (name: OpenPgpProgram) => {
  const why = whyWithout(name);

  test.skipIf(why)(
    `opens generation.pgp with a key of its kind, and every pack with the key in it ${why ?? ''}`,
    () => {
      const program = openPgpProgram(name);
      const kind = name === 'rsop' ? 'rpgp-v6' : 'sequoia-v6';
      const key = join(import.meta.dirname, `fixtures/keys/${kind}.private.asc`);
      const secrets = execFileSync(
        program,
        ['decrypt', '--with-key-password', join(scratch, 'passphrase'), key],
        {
          input: readFileSync(join(place, 'generation.pgp')),
        },
      );
      const opened = generationKey(secrets);
      const into = join(scratch, `blobs-${name}`);
      mkdirSync(into);
      expect(packs().length).toBeGreaterThan(1);
      for (const pack of packs()) {
        const content = execFileSync(program, ['decrypt', opened], {
          input: readFileSync(pack),
          maxBuffer: 1 << 28,
        });
        execFileSync('tar', ['--zstd', '-x', '-C', into], {input: content});
      }
      const blobs = readdirSync(join(into, 'blobs')).map((blob) => readFileSync(join(into, 'blobs', blob)));
      const hashes = new Set(blobs.map((blob) => createHash('sha256').update(blob).digest('hex')));
      expect(hashes.has(createHash('sha256').update('small').digest('hex')), 'a small file is one blob').toBe(
        true,
      );
      const bytes = blobs.reduce((sum, {length}) => sum + length, 0);
      expect(bytes, 'all of the content').toBeGreaterThan(5 << 20);
      // The same pack is closed to every key but this one.
      const other = join(import.meta.dirname, `fixtures/keys/${kind}.private.asc`);
      expect(() =>
        execFileSync(program, ['decrypt', '--with-key-password', join(scratch, 'passphrase'), other], {
          input: readFileSync(packs()[0] as string),
          stdio: ['pipe', 'pipe', 'ignore'],
        }),
      ).toThrow();
    },
  );
});

describe('GnuPG', () => {
  const why = whyWithout('gpg');

  test.skipIf(why)(`opens generation.pgp for a key that it made ${why ?? ''}`, () => {
    for (const kind of ['gnupg-rsa-3072', 'gnupg-curve25519'] as const) {
      using gnupg = new GnupgHome('test');
      gnupg.run(['--import', join(import.meta.dirname, `fixtures/keys/${kind}.private.asc`)]);
      // GnuPG knows no version 6: v4 recipients have an object that holds nothing else, or one with packets it may skip.
      const objects = readdirSync(place).filter((file) => /^generation(-\d+)?\.pgp$/.test(file));
      const opened: Buffer[] = [];
      const refusals: string[] = [];
      for (const file of objects) {
        try {
          opened.push(gnupg.run(['--decrypt', join(place, file)]));
        } catch (error) {
          refusals.push(String(error));
        }
      }
      expect(opened.length, `${kind}: one of ${objects.join(', ')}\n${refusals.join('\n')}`).toBeGreaterThan(
        0,
      );
      expect(JSON.parse(String(opened[0]))).toHaveProperty('privateKey');
    }
  });
});

// E10: any one of them is enough, and what it opens is the same.
test.each(KINDS)('%s, one recipient of many, restores alone', async (kind) => {
  const locked = await readPrivateKey(fixture(`${kind}.private.asc`), kind);
  machine.privateKey = await unlockPrivateKey(
    locked,
    locked.needsPassphrase ? new Secret('test') : undefined,
  );
  const to = join(scratch, `restored-${kind}`);
  expect(await machine.restore('latest', to)).toMatchObject({warnings: [], damaged: []});
  expect(describeTree(to)).toEqual(describeTree(machine.source));
});

// E10: another key names whom one must ask.
test('a key that is no recipient is told which ones would do', async () => {
  const locked = await readPrivateKey(fixture('gnupg-rsa-2048.private.asc'), 'stranger');
  machine.privateKey = await unlockPrivateKey(locked, new Secret('test'));
  const error = (await machine
    .restore('latest', join(scratch, 'never'))
    .catch((reason: unknown) => reason)) as Error;
  expect(error).toMatchObject({exitCode: 12, hint: expect.any(String)});
  const named = `${error.message} ${(error as {hint?: string}).hint}`.toLowerCase();
  const {recipient} = await sharedRecipient();
  const key = await openpgp.readKey({armoredKey: fixture('gnupg-curve25519.public.asc').toString()});
  const ids = [recipient.fingerprint, ...key.getKeys().map((part) => part.getKeyID().toHex())];
  expect(
    ids.some((id) => named.includes(id.slice(0, 16)) || named.includes(id)),
    named,
  ).toBe(true);
});

// Must hold 3: all secrets of the VM, tried on every object of the repository.
describe('the key that lives on the VM', () => {
  const objects = (): string[] =>
    readdirSync(place, {recursive: true, encoding: 'utf8'}).filter((name) =>
      /^(packs|snapshots)\/.*\.pgp$|^generation.*\.pgp$/.test(name),
    );

  test('opens no pack, no snapshot and no generation with OpenPGP.js', async () => {
    const decryptionKeys = await openpgp.readPrivateKey({
      armoredKey: readFileSync(machine.agentPath, 'utf8'),
    });
    expect(objects().length).toBeGreaterThan(3);
    const control = await openpgp.readMessage({binaryMessage: readFileSync(join(place, 'generation.pgp'))});
    const {privateKey} = await sharedRecipient();
    await openpgp.decrypt({message: control, decryptionKeys: privateKey, format: 'binary'}); // The same call with the right key.
    for (const name of objects()) {
      const message = await openpgp.readMessage({binaryMessage: readFileSync(join(place, name))});
      await expect(openpgp.decrypt({message, decryptionKeys, format: 'binary'}), name).rejects.toThrow();
    }
  });

  const why = whyWithout('rsop');
  test.skipIf(why)(`nor with rsop ${why ?? ''}`, () => {
    for (const name of objects())
      expect(
        () =>
          execFileSync(openPgpProgram('rsop'), ['decrypt', machine.agentPath], {
            input: readFileSync(join(place, name)),
            stdio: ['pipe', 'pipe', 'ignore'],
          }),
        name,
      ).toThrow();
  });

  test('nor does anything else that it keeps: catalog and memory hold no private key and no session key', () => {
    for (const name of readdirSync(join(machine.folder, 'state'))) {
      const bytes = readFileSync(join(machine.folder, 'state', name));
      if (join(machine.folder, 'state', name) === machine.agentPath) continue;
      expect(bytes.includes('PRIVATE KEY'), name).toBe(false);
      expect(bytes.includes('"privateKey"'), name).toBe(false);
    }
  });
});

// E15 (incident 28)
test('the same content twice gives other bytes each time', async () => {
  const names = new Set(packs().map((pack) => pack.split('/').at(-1)));
  const again = await machine.backup({full: true});
  const others = readdirSync(join(machine.repositoryFolder, 'files', again.generation, 'packs'), {
    recursive: true,
    encoding: 'utf8',
  });
  expect(
    others.filter((name) => names.has(name.split('/').at(-1) as string) && name.endsWith('.pgp')),
  ).toEqual([]);
});
