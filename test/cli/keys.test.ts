/** Keys that no single file opens: shares, and keys that GnuPG keeps. With the real gpg. */
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {newSharedPassphrase, readShare, splitPassphrase} from '../../src/crypto/shares.ts';
import {fixture} from '../support/keys.ts';
import {openPgpProgram, whyWithout} from '../support/openpgp-programs.ts';
import {Scratch} from './scratch.ts';

const user = new Scratch();
let out = 0;

/** The arguments of a restore into a new folder, which is the last of them. */
function restore(...key: string[]): string[] {
  return ['restore', 'latest', '--repository', user.path('repo'), ...key, '--to', user.path(`out${++out}`)];
}
const restored = (args: readonly string[]): string =>
  readFileSync(join(args.at(-1) as string, 'file'), 'utf8');

const gnupgHome = mkdtempSync(join(tmpdir(), 'hf-gpg-')); // Short: its agent's sockets lie there.
const gnupg = {GNUPGHOME: gnupgHome};
const FINGERPRINT = 'E406EA785B4DF87BC45EB5019BD6F385989BD35D';

function forgetPassphrases(): void {
  execFileSync('gpgconf', ['--kill', 'all'], {env: {...process.env, ...gnupg}});
}

/** Lets the agent ask a program of ours, in the place of a window. */
function pinentry(getPin: string): void {
  const program = user.write(
    'pinentry',
    `#!/bin/sh
echo "OK ready"
while read -r line; do
  case $line in
    GETPIN*) ${getPin} ;;
    BYE*) echo OK; exit 0 ;;
    *) echo OK ;;
  esac
done
`,
    0o700,
  );
  execFileSync('chmod', ['700', program]);
  execFileSync('sh', ['-c', `echo "pinentry-program ${program}" > "$0"`, join(gnupgHome, 'gpg-agent.conf')]);
  forgetPassphrases();
}

beforeAll(async () => {
  await user.must(['keygen', 'ops', '--shares', '4', '--threshold', '3', '--output', 'keys']);
  await user.must(['keygen', 'other', '--shares', '2', '--threshold', '2', '--output', 'keys']);
  user.write('card.public.asc', fixture('gnupg-curve25519.public.asc'));
  await user.must([
    ...['init', user.path('repo')],
    ...['--recipient', 'keys/ops.public.asc', '--recipient', 'card.public.asc'],
  ]);
  user.write('data/file', 'content');
  const config = readFileSync(user.path('holdfast.yaml'), 'utf8');
  user.write('holdfast.yaml', `${config}sources:\n  docs: {folder: ${user.path('data')}}\n`);
  await user.must(['backup']);
  execFileSync('chmod', ['700', gnupgHome]);
  const file = user.write('card.private.asc', fixture('gnupg-curve25519.private.asc'));
  execFileSync(
    'gpg',
    ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', 'test', '--import', file],
    {env: {...process.env, ...gnupg}, stdio: 'pipe'},
  );
});
afterAll(() => {
  forgetPassphrases();
  rmSync(gnupgHome, {recursive: true, force: true});
  user[Symbol.dispose]();
});

const share = (n: number, name = 'ops', total = 4): string[] => [
  '--share',
  user.path('keys', `${name}.share-${n}-of-${total}.txt`),
];
const SHARED = ['--key', user.path('keys', 'ops.private.asc')];

describe('E11: a key in shares', () => {
  test('keygen names the files in JSON, for nobody else to read', async () => {
    const {json} = await user.json<{shares: string[]; fingerprint: string; privateKey: string}>([
      'keygen',
      'json',
      ...['--shares', '3', '--threshold', '2', '--output', 'keys'],
    ]);
    expect(json.shares).toEqual([1, 2, 3].map((n) => user.path('keys', `json.share-${n}-of-3.txt`)));
    for (const file of [...json.shares, json.privateKey]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(json.shares[0] as string, 'utf8').replaceAll(' ', '')).toContain(json.fingerprint);
  });

  test('any three of four restore; nothing is asked, and no passphrase of ours plays a part', async () => {
    const args = restore(...SHARED, ...share(4), ...share(1), ...share(2));
    await user.must(args, {env: {HOLDFAST_PASSPHRASE: 'something else'}});
    expect(restored(args)).toBe('content');
  });

  test.each([
    ['too few', [...share(1), ...share(3)], 'It takes 3 different shares to open this key; there are 2.'],
    ['one of another key', [...share(1), ...share(2), ...share(1, 'other', 2)], 'belongs to another key'],
  ])('%s: exit 12, and nothing is written', async (_, shares, words) => {
    const {code, stderr} = await user.run(restore(...SHARED, ...shares));
    expect([code, stderr]).toEqual([12, expect.stringContaining(words)]);
    expect(() => statSync(user.path(`out${out}`))).toThrow();
  });

  test('a mistyped one, and one that others may read', async () => {
    const text = readFileSync(share(3)[1] as string, 'utf8');
    const typed = user.write(
      'typed.txt',
      text.replace(/(secret\s+)(.)/, (_, before, first) => before + (first === '7' ? '8' : '7')),
    );
    const bad = await user.run(restore(...SHARED, ...share(1), ...share(2), '--share', typed));
    expect([bad.code, bad.stderr]).toEqual([12, expect.stringContaining('typed.txt is damaged or mistyped')]);
    const open = user.write('open.txt', text);
    execFileSync('chmod', ['644', open]);
    const readable = await user.run(restore(...SHARED, ...share(1), ...share(2), '--share', open));
    expect([readable.code, readable.stderr]).toEqual([12, expect.stringContaining('Others may read')]);
  });

  test('shares that are whole, but of another splitting, do not pass for a wrong passphrase', async () => {
    const key = readShare(readFileSync(share(1)[1] as string, 'utf8'), 'share').key;
    const [text = ''] = await splitPassphrase(newSharedPassphrase(), {key, total: 4, threshold: 3});
    const file = user.write('other-splitting.txt', text);
    const {code, stderr} = await user.run(restore(...SHARED, ...share(2), ...share(3), '--share', file));
    expect([code, stderr]).toEqual([12, expect.stringContaining('These shares do not open')]);
  });

  test.skipIf(whyWithout('rsop'))('recover.py, without Holdfast, takes the shares, too', () => {
    const command = ['recover.py', 'restore', '.', 'latest', ...SHARED, '--sop', openPgpProgram('rsop')];
    const recover = (to: string, ...shares: string[]) =>
      spawnSync('python3', [...command, '--to', user.path(to), ...shares], {
        cwd: user.path('repo'),
        encoding: 'utf8',
        input: '',
      });
    const done = recover('recovered', ...share(2), ...share(3), ...share(4));
    expect([done.status, done.stderr]).toEqual([0, '']);
    expect(readFileSync(user.path('recovered', 'file'), 'utf8')).toBe('content');
    const few = recover('not-recovered', ...share(2), ...share(3));
    expect([few.status, few.stdout]).toEqual([1, expect.stringContaining('It takes 3 different shares')]);
  });

  test('the key file alone asks for its passphrase', async () => {
    const {code, stderr} = await user.run(restore(...SHARED));
    expect([code, stderr]).toEqual([12, expect.stringContaining('needs its passphrase')]);
  });
});

describe('--key gpg:FINGERPRINT', () => {
  const CARD = ['--key', `gpg:${FINGERPRINT}`];

  test('the agent of GnuPG asks, and opens', async () => {
    pinentry('printf "D test\\nOK\\n"');
    const args = restore(...CARD);
    await user.must(args, {env: gnupg});
    expect(restored(args)).toBe('content');
  });

  test('verify reads the content with it', async () => {
    pinentry('printf "D test\\nOK\\n"');
    const {stdout} = await user.must(['verify', '--repository', user.path('repo'), ...CARD], {env: gnupg});
    expect(stdout).toContain('Verified (content)');
  });

  test('a passphrase from a file goes to gpg without being asked for', async () => {
    pinentry('printf "ERR 83886179 cancelled\\n"');
    const args = restore(...CARD, '--passphrase-file', user.write('pass', 'test\n'));
    await user.must(args, {env: gnupg});
    expect(restored(args)).toBe('content');
  });

  test.each([
    ['a cancelled question', 'printf "ERR 83886179 Operation cancelled\\n"', {}, 'it was cancelled'],
    [
      'a wrong passphrase',
      'printf "OK\\n"',
      {HOLDFAST_PASSPHRASE: 'not the one'},
      'the passphrase or PIN is wrong',
    ],
  ])('%s: exit 12', async (_, answer, env, words) => {
    pinentry(answer);
    const {code, stderr} = await user.run(restore(...CARD), {env: {...gnupg, ...env}});
    expect([code, stderr]).toEqual([12, expect.stringContaining(words)]);
    expect(() => statSync(user.path(`out${out}`))).toThrow();
  });

  test('no gpg: said before any work', async () => {
    mkdirSync(user.path('empty'), {recursive: true});
    const {code, stderr} = await user.run(restore(...CARD), {env: {...gnupg, PATH: user.path('empty')}});
    expect([code, stderr]).toEqual([12, expect.stringContaining('The program gpg is not there')]);
  });

  test('a key that GnuPG does not have', async () => {
    const {code, stderr} = await user.run(restore('--key', `gpg:${'0123456789'.repeat(4)}`), {env: gnupg});
    expect([code, stderr]).toEqual([12, expect.stringContaining('GnuPG does not have the private key 0123')]);
  });

  test('a key of GnuPG that is no recipient: which ones would do', async () => {
    const file = user.write('rsa.asc', fixture('gnupg-rsa-2048.private.asc'));
    const env = {...process.env, ...gnupg};
    const quiet = ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', 'test'];
    execFileSync('gpg', [...quiet, '--import', file], {env, stdio: 'pipe'});
    const listing = execFileSync('gpg', ['--with-colons', '--list-secret-keys', 'gnupg-rsa-2048'], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1];
    const {code, stderr} = await user.run(restore('--key', `gpg:${fingerprint}`), {env: gnupg});
    expect([code, stderr]).toEqual([
      12,
      expect.stringMatching(/does not open generation .*dc8aa05f9e97c809/),
    ]);
  });
});
