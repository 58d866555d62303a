/** Every mistake that a user can make by hand: one sentence, a hint, the right exit code, no stack trace (issue 2, "Must hold" 7). */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {fixture} from '../support/keys.ts';
import {mayMount} from '../support/skips.ts';
import {noise} from '../support/trees.ts';
import {Scratch} from './scratch.ts';

const user = new Scratch();
const repository = user.path('repo');
let config: string;

beforeAll(async () => {
  user.write('pass', 'correct horse battery staple\n');
  await user.must(['keygen', 'ops', '--passphrase-file', 'pass']);
  await user.must(['keygen', 'other', '--no-passphrase']);
  await user.must(['keygen', 'spare', '--no-passphrase']);
  await user.must(['init', repository, '--recipient', 'ops.public.asc', '--recipient', 'spare.public.asc']);
  user.write('data/file', 'content');
  user.write('data/sub/inside', 'inside');
  config = execFileSync('cat', [user.path('holdfast.yaml')], {encoding: 'utf8'});
  config += `sources:\n  docs: {folder: ${user.path('data')}}\n`;
  user.write('holdfast.yaml', config);
  await user.must(['backup']);
  for (const name of ['gnupg-expired', 'gnupg-revoked', 'gnupg-sign-only', 'gnupg-rsa-1024'])
    user.write(`keys/${name}.asc`, fixture(`${name}.public.asc`));
  user.write('keys/junk.asc', 'this is not a key');
  user.write(
    'keys/damaged.asc',
    fixture('sequoia-v6.private.asc')
      .toString()
      .replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
  );
  user.write('wrong-pass', 'incorrect\n');
  user.write('empty-pass', '\n');
  user.write('open-pass', 'correct horse battery staple\n', 0o644);
  user.write('open.private.asc', fixture('sequoia-v6-plain.private.asc'), 0o644);
  user.write('typo.yaml', config.replace('\nsources:', '\nsourcs:'));
  user.write('bad.yaml', 'repository: [unclosed\n');
  user.write('writable.yaml', config);
  execFileSync('chmod', ['666', user.path('writable.yaml')]);
  mkdirSync(user.path('empty-mount-point'));
  mkdirSync(user.path('taken'));
  writeFileSync(user.path('taken.tar'), 'precious');
});
afterAll(() => user[Symbol.dispose]());

interface Mistake {
  readonly args: readonly string[];
  readonly exit: number;
  readonly code: string;
  /** In its one sentence. */
  readonly says: RegExp;
  readonly hint: RegExp;
  readonly env?: Record<string, string>;
}

/** A recipient's, without a passphrase: opening the other takes 0.7 s of Argon2, each time. */
const KEY = ['--key', 'spare.private.asc'];
const mistakes: Record<string, Mistake> = {
  // Commands and options (I8)
  'an unknown command': {
    args: ['bakcup'],
    exit: 2,
    code: 'USAGE',
    says: /no command "bakcup"/,
    hint: /"holdfast backup"/,
  },
  'an unknown command of a topic': {
    args: ['catalog', 'rebild'],
    exit: 2,
    code: 'USAGE',
    says: /no command "catalog rebild"/,
    hint: /catalog rebuild/,
  },
  'a value that is no choice': {
    args: ['restore', 'latest', '--to', 'out', '--overwrite=chnaged', ...KEY],
    exit: 2,
    code: 'USAGE',
    says: /--overwrite cannot be "chnaged"; it is one of never, changed, always\./,
    hint: /Did you mean --overwrite changed\?/,
  },
  'a number that is none': {
    args: ['keygen', 'new', '--shares', 'three'],
    exit: 2,
    code: 'USAGE',
    says: /--shares must be a whole number, not "three"\./,
    hint: /--help/,
  },
  'an unknown option': {
    args: ['backup', '--ful'],
    exit: 2,
    code: 'USAGE',
    says: /no option --ful/,
    hint: /--full/,
  },
  'an option without its value': {
    args: ['restore', 'latest', '--to'],
    exit: 2,
    code: 'USAGE',
    says: /--to/,
    hint: /--help/,
  },
  'a value that is not allowed': {
    args: ['verify', '--level', 'deep'],
    exit: 2,
    code: 'USAGE',
    says: /--level.*structure/,
    hint: /--help/,
  },
  'an empty value': {
    args: ['snapshots', '--repository', ''],
    exit: 2,
    code: 'USAGE',
    says: /empty/,
    hint: /value/,
  },
  'a missing argument': {
    args: ['restore', '--to', 'x'],
    exit: 2,
    code: 'USAGE',
    says: /SNAPSHOT is missing/,
    hint: /--help/,
  },
  'one argument too many': {
    args: ['ls', 'latest', 'sub', 'more'],
    exit: 2,
    code: 'USAGE',
    says: /more/,
    hint: /--help/,
  },
  'options that exclude each other': {
    args: ['restore', 'latest', '--to', 'x', '--tar', 'y'],
    exit: 2,
    code: 'USAGE',
    says: /--t(o|ar) and --t(o|ar) exclude each other\./,
    hint: /--help/,
  },
  'an option that needs another': {
    args: ['keygen', 'new', '--shares', '3'],
    exit: 2,
    code: 'USAGE',
    says: /The option --shares also needs --threshold\./,
    hint: /--help/,
  },
  'a tag that the configuration would not take either': {
    args: ['backup', '--tag', 'one two'],
    exit: 2,
    code: 'USAGE',
    says: /"one two" is not a tag; use up to 64 letters/,
    hint: /before-upgrade/,
  },
  'an empty tag': {
    args: ['backup', '--tag', ''],
    exit: 2,
    code: 'USAGE',
    says: /"" is not a tag/,
    hint: /before/,
  },
  'a sample that is no share': {
    args: ['verify', '--sample', '200%'],
    exit: 2,
    code: 'USAGE',
    says: /"200%" is not a share/,
    hint: /10%/,
  },
  'a key name with a slash': {
    args: ['keygen', '../x', '--no-passphrase'],
    exit: 2,
    code: 'USAGE',
    says: /cannot be the name/,
    hint: /letters/,
  },
  'a bad duration': {
    args: ['keygen', 'x', '--expires', 'soon', '--no-passphrase'],
    exit: 2,
    code: 'USAGE',
    says: /soon/,
    hint: /./,
  },
  // Repositories (B17-B19)
  'no repository there': {
    args: ['snapshots', '--repository', 'empty-mount-point'],
    exit: 10,
    code: 'NO_REPOSITORY',
    says: /no repository at .*empty-mount-point/,
    hint: /mounted/,
  },
  'a folder that is not there': {
    args: ['snapshots', '--repository', 'nowhere'],
    exit: 10,
    code: 'NO_REPOSITORY',
    says: /nowhere.* is not there/,
    hint: /mounted/,
  },
  'backup to an unmounted disk': {
    args: ['backup', '--repository', 'empty-mount-point'],
    exit: 10,
    code: 'NO_REPOSITORY',
    says: /no repository at/,
    hint: /mounted/,
  },
  'a file as a repository': {
    args: ['snapshots', '--repository', 'pass'],
    exit: 10,
    code: 'NO_REPOSITORY',
    says: /pass/,
    hint: /./,
  },
  'an unknown kind of target': {
    args: ['snapshots', '--repository', 'ftp://me:canary@host/x'],
    exit: 2,
    code: 'USAGE',
    says: /no targets of the kind ftp/,
    hint: /file:/,
  },
  'a relative file URL': {
    args: ['snapshots', '--repository', 'file://repo'],
    exit: 2,
    code: 'USAGE',
    says: /three slashes/,
    hint: /file:\/\/\//,
  },
  'no repository named': {
    args: ['snapshots', '--config', 'no-repository.yaml'],
    exit: 2,
    code: 'USAGE',
    says: /No repository is named/,
    hint: /--repository/,
  },
  'init where another machine was': {
    args: ['init', repository, '--recipient', 'ops.public.asc', '--config', 'new.yaml'],
    env: {XDG_STATE_HOME: '/nonexistent/state'},
    exit: 2,
    code: 'USAGE',
    says: /made by another machine/,
    hint: /--join/,
  },
  // Recipients (E2, E3, E6, E8, E9)
  'init of a second repository without a recipient': {
    args: ['init', 'new-repo'],
    exit: 2,
    code: 'USAGE',
    says: /No --recipient is given, and .*holdfast\.yaml is for the repository at .*repo, not for new-repo\./,
    hint: /"holdfast init new-repo --recipient FILE --config NEW-FILE"/,
  },
  'init of a second repository with a recipient': {
    args: ['init', 'new-repo', '-r', 'ops.public.asc'],
    exit: 2,
    code: 'USAGE',
    says: /holdfast\.yaml is for the repository at .*repo, not for new-repo\./,
    hint: /--config NEW-FILE/,
  },
  'init without a recipient': {
    args: ['init', 'new-repo', '--config', 'none.yaml'],
    exit: 2,
    code: 'USAGE',
    says: /at least one recipient/,
    hint: /keygen/,
  },
  'a private key as recipient': {
    args: ['init', 'new-repo', '-r', 'ops.private.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'PRIVATE_KEY_PRESENT',
    says: /private key/,
    hint: /public/,
  },
  'a recipient that is not there': {
    args: ['init', 'new-repo', '-r', 'nobody.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /nobody\.asc cannot be read: no such file or folder/,
    hint: /path/,
  },
  'a recipient that is a folder': {
    args: ['init', 'new-repo', '-r', 'keys', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /it is a folder/,
    hint: /path/,
  },
  'junk as recipient': {
    args: ['init', 'new-repo', '-r', 'keys/junk.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /junk\.asc/,
    hint: /./,
  },
  'an expired recipient': {
    args: ['init', 'new-repo', '-r', 'keys/gnupg-expired.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /expired/,
    hint: /./,
  },
  'a revoked recipient': {
    args: ['init', 'new-repo', '-r', 'keys/gnupg-revoked.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /revoked/,
    hint: /./,
  },
  'a recipient that only signs': {
    args: ['init', 'new-repo', '-r', 'keys/gnupg-sign-only.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /encrypt/,
    hint: /./,
  },
  'a weak recipient': {
    args: ['init', 'new-repo', '-r', 'keys/gnupg-rsa-1024.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /1024/,
    hint: /./,
  },
  'the same recipient twice': {
    args: ['init', 'new-repo', '-r', 'ops.public.asc', '-r', 'ops.public.asc', '--config', 'none.yaml'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /same key/,
    hint: /once/,
  },
  'a key file that exists': {
    args: ['keygen', 'ops', '--no-passphrase'],
    exit: 2,
    code: 'USAGE',
    says: /never overwritten/,
    hint: /another name/,
  },
  'an empty HOLDFAST_REPOSITORY': {
    args: ['snapshots'],
    env: {HOLDFAST_REPOSITORY: ''},
    exit: 2,
    code: 'USAGE',
    says: /HOLDFAST_REPOSITORY is set, but empty\./,
    hint: /unset HOLDFAST_REPOSITORY/,
  },
  'an empty HOLDFAST_CONFIG': {
    args: ['backup'],
    env: {HOLDFAST_CONFIG: ' '},
    exit: 2,
    code: 'USAGE',
    says: /HOLDFAST_CONFIG is set, but empty\./,
    hint: /unset/,
  },
  'an empty HOLDFAST_KEY': {
    args: ['backup'],
    env: {HOLDFAST_KEY: ''},
    exit: 2,
    code: 'USAGE',
    says: /HOLDFAST_KEY is set, but empty\./,
    hint: /unset/,
  },
  'a HOLDFAST_PASSPHRASE_FILE that is not there': {
    args: ['cat', 'latest', 'file', '--key', 'ops.private.asc'],
    env: {HOLDFAST_PASSPHRASE_FILE: 'no-such-file'},
    exit: 12,
    code: 'PASSPHRASE',
    says: /no-such-file \(HOLDFAST_PASSPHRASE_FILE\)/,
    hint: /nothing but the passphrase/,
  },
  'inspecting junk': {
    args: ['keys', 'inspect', 'keys/junk.asc'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /junk\.asc/,
    hint: /./,
  },
  // Private keys and passphrases (E1, E8-E10, J6)
  'a private key at hand during a backup': {
    args: ['backup'],
    env: {HOLDFAST_KEY: 'ops.private.asc'},
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /must not be on a machine that makes backups/,
    hint: /Unset/,
  },
  'a private key given to a backup': {
    args: ['backup', '--key', 'ops.private.asc'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /must not be on a machine that makes backups/,
    hint: /Leave out --key/,
  },
  'restore without a key': {
    args: ['restore', 'latest', '--to', 'out'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /needs the private key/,
    hint: /--key/,
  },
  'a wrong passphrase': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'ops.private.asc', '--passphrase-file', 'wrong-pass'],
    exit: 12,
    code: 'PASSPHRASE',
    says: /passphrase.*wrong|wrong.*passphrase|does not open/i,
    hint: /./,
  },
  'an empty passphrase file': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'ops.private.asc', '--passphrase-file', 'empty-pass'],
    exit: 12,
    code: 'PASSPHRASE',
    says: /is empty/,
    hint: /./,
  },
  'a passphrase file that others may read': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'ops.private.asc', '--passphrase-file', 'open-pass'],
    exit: 12,
    code: 'PASSPHRASE',
    says: /other users/,
    hint: /chmod 600/,
  },
  'no passphrase, no terminal': {
    args: ['cat', 'latest', 'file', '--key', 'ops.private.asc'],
    exit: 12,
    code: 'PASSPHRASE',
    says: /needs its passphrase/,
    hint: /--passphrase-file/,
  },
  'a passphrase command that fails': {
    args: ['cat', 'latest', 'file', '--key', 'ops.private.asc'],
    env: {HOLDFAST_PASSPHRASE_COMMAND: 'false canary'},
    exit: 12,
    code: 'PASSPHRASE',
    says: /failed: exit code 1/,
    hint: /by hand/,
  },
  "somebody else's key": {
    args: ['restore', 'latest', '--to', 'out', '--key', 'other.private.asc'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /[0-9a-f]{16}/i,
    hint: /./,
  },
  'a public key as --key': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'ops.public.asc'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /public/,
    hint: /private/,
  },
  'a private key that others may read': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'open.private.asc'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /Others may read/,
    hint: /chmod 600/,
  },
  'a damaged private key': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'keys/damaged.asc'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /damaged\.asc/,
    hint: /./,
  },
  'a key of GnuPG by a short id': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'gpg:01234567'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /whole fingerprint/,
    hint: /40 digits/,
  },
  'a share without its key': {
    args: ['restore', 'latest', '--to', 'out', '--share', 'pass'],
    exit: 2,
    code: 'USAGE',
    says: /Shares open a private key/,
    hint: /--key FILE/,
  },
  'a share that is none': {
    args: ['restore', 'latest', '--to', 'out', '--key', 'ops.private.asc', '--share', 'pass'],
    exit: 12,
    code: 'KEY_UNUSABLE',
    says: /pass is not a share/,
    hint: /begins with/,
  },
  'more shares to need than there are': {
    args: ['keygen', 'shared', '--shares', '2', '--threshold', '3'],
    exit: 2,
    code: 'USAGE',
    says: /Of 2 shares, 3 can never come together/,
    hint: /--threshold/,
  },
  'shares without a number of how many it takes': {
    args: ['keygen', 'shared', '--shares', '2'],
    exit: 2,
    code: 'USAGE',
    says: /--threshold/,
    hint: /--help/,
  },
  'shares and a passphrase': {
    args: ['keygen', 'shared', '--shares', '3', '--threshold', '2', '--passphrase-file', 'pass'],
    exit: 2,
    code: 'USAGE',
    says: /shares are instead of one/,
    hint: /--passphrase-file/,
  },
  // Config (I1, I5)
  'a config that is not there': {
    args: ['backup', '--config', 'missing.yaml'],
    exit: 2,
    code: 'CONFIG_INVALID',
    says: /missing\.yaml/,
    hint: /./,
  },
  'a config typo': {
    args: ['backup', '--config', 'typo.yaml'],
    exit: 2,
    code: 'CONFIG_INVALID',
    says: /Unknown key `sourcs` at .*typo\.yaml.*sources/s,
    hint: /./,
  },
  'a config that is no YAML': {
    args: ['backup', '--config', 'bad.yaml'],
    exit: 2,
    code: 'CONFIG_INVALID',
    says: /bad\.yaml:\d+/,
    hint: /./,
  },
  'a config that anybody may write': {
    args: ['backup', '--config', 'writable.yaml'],
    exit: 2,
    code: 'CONFIG_INVALID',
    says: /writable\.yaml/,
    hint: /chmod/,
  },
  'an unknown source': {
    args: ['backup', 'dosc'],
    exit: 2,
    code: 'USAGE',
    says: /no source "dosc"/,
    hint: /"docs"/,
  },
  // Snapshots and paths
  'an unknown snapshot': {
    args: ['ls', 'ffff'],
    exit: 2,
    code: 'NOT_FOUND',
    says: /no snapshot "ffff"/,
    hint: /holdfast snapshots/,
  },
  'a snapshot of an unknown source': {
    args: ['ls', 'latest:nope'],
    exit: 2,
    code: 'NOT_FOUND',
    says: /source "nope"/,
    hint: /docs/,
  },
  'a time that is none': {
    args: ['ls', 'docs@yesterday'],
    exit: 2,
    code: 'USAGE',
    says: /not a time/,
    hint: /2026/,
  },
  'a time before everything': {
    args: ['ls', 'docs@2001-01-01'],
    exit: 2,
    code: 'NOT_FOUND',
    says: /at or before 2001/,
    hint: /snapshots/,
  },
  'listing a source that is not there': {
    args: ['snapshots', '--source', 'dosc'],
    exit: 2,
    code: 'NOT_FOUND',
    says: /no source "dosc"/,
    hint: /"docs"/,
  },
  'finding in a source that is not there': {
    args: ['find', '*', '--source', 'zzz'],
    exit: 2,
    code: 'NOT_FOUND',
    says: /no source "zzz"/,
    hint: /docs/,
  },
  'a path that is not there': {
    args: ['ls', 'latest', 'nope'],
    exit: 2,
    code: 'NOT_FOUND',
    says: /no nope in/,
    hint: /holdfast ls/,
  },
  'a pattern that never matches': {
    args: ['find', '['],
    exit: 2,
    code: 'CONFIG_INVALID',
    says: /not closed/,
    hint: /\\\[/,
  },
  'cat of a folder': {
    args: ['cat', 'latest', 'sub', ...KEY],
    exit: 2,
    code: 'NOT_FOUND',
    says: /directory, not a file/,
    hint: /holdfast ls/,
  },
  'restore to nowhere': {
    args: ['restore', 'latest', ...KEY],
    exit: 2,
    code: 'USAGE',
    says: /Where/,
    hint: /--to/,
  },
  'restore into a file': {
    args: ['restore', 'latest', '--to', 'pass', ...KEY],
    exit: 1,
    code: 'RESTORE',
    says: /pass/,
    hint: /folder/,
  },
  'restore below a file': {
    args: ['restore', 'latest', '--to', 'pass/out', ...KEY],
    exit: 1,
    code: 'RESTORE',
    says: /pass/,
    hint: /folder/,
  },
  'a restore to where no folder can be made': {
    args: ['restore', 'latest', '--to', '/proc/nowhere/at-all', ...KEY],
    exit: 1,
    code: 'RESTORE',
    says: /Cannot restore into \/proc\/nowhere\/at-all: no folder can be made there\./,
    hint: /folder/,
  },
  'an archive that exists': {
    args: ['restore', 'latest', '--tar', 'taken.tar', ...KEY],
    exit: 2,
    code: 'USAGE',
    says: /taken\.tar exists already/,
    hint: /--tar/,
  },
  'an archive in no folder': {
    args: ['restore', 'latest', '--tar', 'no/where.tar', ...KEY],
    exit: 1,
    code: 'SYSTEM',
    says: /no\/where\.tar.*no such file/,
    hint: /path/,
  },
  'an archive and JSON on stdout': {
    args: ['restore', 'latest', '--tar', '-', ...KEY],
    exit: 2,
    code: 'USAGE',
    says: /standard output/,
    hint: /./,
  },
  'a fingerprint that is none': {
    args: ['snapshots', '--agent', 'abc'],
    exit: 2,
    code: 'USAGE',
    says: /not a whole fingerprint/,
    hint: /64 digits/,
  },
};

describe('one clear sentence, a hint, the exit code, and nothing else', () => {
  beforeAll(() => {
    user.write('no-repository.yaml', config.replace(/^repository:.*$/m, ''));
  });

  test.concurrent.each(Object.entries(mistakes))(
    '%s',
    async (_, {args, exit, code, says, hint, env = {}}) => {
      const before = readdirSync(user.home);
      const ran = await user.run([...args, '--json'], {env});
      expect(ran, ran.stderr).toMatchObject({code: exit});
      // For people
      expect(ran.stderr).toMatch(/^Error: \S/m);
      expect(ran.stderr).toMatch(says);
      expect(ran.stderr).toMatch(/^Hint: [A-Z].+$/m);
      expect(ran.stderr.match(/^Error: /gm)).toHaveLength(1);
      expect(ran.stderr + ran.stdout, 'a stack, or a bug').not.toMatch(
        /^\s+at .*\d+:\d+|node:internal|\bundefined\b|Something went wrong/m,
      );
      expect(ran.stderr + ran.stdout).not.toContain('canary');
      // For programs
      const report = JSON.parse(ran.stdout) as Record<string, unknown>;
      expect(Object.keys(report)).toEqual(['code', 'exitCode', 'message', 'hint']);
      expect(report).toMatchObject({
        code,
        exitCode: exit,
        message: expect.stringMatching(says),
        hint: expect.stringMatching(hint),
      });
      expect(readdirSync(user.home), 'nothing was made').toEqual(before);
    },
  );
});

// B17, F-rows of full disks: with a file system of 1 MiB.
describe('a full disk', () => {
  const small = user.path('small');
  const mounts = mayMount('full disks');

  beforeAll(() => {
    mkdirSync(small);
    if (mounts) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
    writeFileSync(user.path('data/large'), noise(3_000_000, 'large'));
  });
  afterAll(() => {
    if (mounts) execFileSync('umount', [small]);
  });

  test('as repository: exit 13, no snapshot, and never booked as a fault of the source', async ({skip}) => {
    if (!mounts) return skip();
    await user.must([
      'init',
      join(small, 'repo'),
      '-r',
      'ops.public.asc',
      '--config',
      user.path('small.yaml'),
    ]);
    writeFileSync(user.path('small.yaml'), `sources: {docs: {folder: ${user.path('data')}}}\n`, {flag: 'a'});
    const ran = await user.json(['backup', '--config', 'small.yaml']);
    expect(ran.code).toBe(13);
    expect(ran.json).toMatchObject({
      code: 'TARGET',
      message: expect.stringMatching(/disk is full/),
      hint: expect.stringMatching(/room/),
    });
    const {json} = await user.json<{snapshots: unknown[]}>(['snapshots', '--config', 'small.yaml']);
    expect(json.snapshots).toEqual([]);
    rmSync(join(small, 'repo'), {recursive: true});
  });

  test('as destination of a restore: exit 1, nothing half under a final name; with room it goes on', async ({
    skip,
  }) => {
    if (!mounts) return skip();
    await user.must(['backup']);
    const ran = await user.json(['restore', 'latest', '--to', join(small, 'out'), ...KEY]);
    expect(ran.code).toBe(1);
    expect(ran.json).toMatchObject({
      code: 'RESTORE',
      message: expect.stringMatching(/^Cannot write large: the disk is full\.$/),
      hint: expect.stringMatching(/room/),
    });
    expect(readdirSync(join(small, 'out'))).not.toContain('large');
    execFileSync('mount', ['-o', 'remount,size=8m', small]);
    await user.must(['restore', 'latest', '--to', join(small, 'out'), ...KEY]);
    execFileSync('cmp', [join(small, 'out/large'), user.path('data/large')]);
    rmSync(join(small, 'out'), {recursive: true});
  });

  test('as place of an archive: exit 1, and no half archive stays', async ({skip}) => {
    if (!mounts) return skip();
    execFileSync('mount', ['-o', 'remount,size=1m', small]);
    const ran = await user.json(['restore', 'latest', '--tar', join(small, 'out.tar'), ...KEY]);
    expect(ran.code).toBe(1);
    expect(ran.json).toMatchObject({
      message: expect.stringMatching(/the disk is full/),
      hint: expect.stringMatching(/space|room/),
    });
    expect(readdirSync(small)).toEqual([]);
  });
});

test('a source that is not there: the others are backed up, exit 1, and JSON says which', async () => {
  user.write('two.yaml', `${config}  gone: {folder: /nonexistent/folder}\n`);
  const ran = await user.json(['backup', '--config', 'two.yaml']);
  expect(ran.code).toBe(1);
  expect(ran.json).toMatchObject({
    snapshots: [{source: 'docs'}],
    failures: [
      {
        source: 'gone',
        code: 'SOURCE',
        exitCode: 1,
        message: 'The folder /nonexistent/folder of gone is not there.',
        hint: expect.any(String),
      },
    ],
  });
  expect(ran.stderr).toMatch(/^Error: gone: /m);
});

test('without any configuration, it says so', async () => {
  using other = new Scratch();
  const ran = await other.run(['snapshots']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(
    /^Error: No repository is named, and there is no configuration\.\nHint: .*"holdfast init"/m,
  );
});

test('an unreadable file: exit 3, named, and the rest is in the snapshot', async () => {
  symlinkSync('/proc/self/mem', user.path('data/link-is-kept'));
  execFileSync('mkfifo', [user.path('data/fifo')]);
  if (process.geteuid?.() !== 0) return;
  const other = new Scratch();
  try {
    execFileSync('chmod', ['755', other.home]);
    other.write('data/open', 'open', 0o644);
    other.write('data/closed', 'closed', 0o600);
    other.write('ops.public.asc', fixture('sequoia-v6-plain.public.asc'), 0o644);
    execFileSync('chown', ['-R', '65534:65534', other.home]);
    execFileSync('chown', ['0:0', other.path('data/closed')]);
    const nobody = {uid: 65534};
    await other.must(['init', 'repo', '-r', 'ops.public.asc'], nobody);
    writeFileSync(other.path('holdfast.yaml'), `sources: {docs: {folder: ${other.path('data')}}}\n`, {
      flag: 'a',
    });
    const ran = await other.json<{snapshots: {warnings: unknown[]}[]}>(['backup'], nobody);
    expect(ran.code, ran.stderr).toBe(3);
    expect(ran.json.snapshots[0]?.warnings).toEqual([{path: 'closed', problem: 'permission denied'}]);
    expect(ran.stderr).toMatch(/^Warning: docs: closed: permission denied$/m);
    expect(existsSync(other.path('repo/docs'))).toBe(true);
  } finally {
    other[Symbol.dispose]();
  }
});

test('D1: an index object is lost: it is named, and everything comes back', async () => {
  execFileSync('cp', ['-r', repository, user.path('no-index')]);
  execFileSync('find', [user.path('no-index/docs'), '-path', '*/index/*', '-delete']);
  const elsewhere = ['--repository', 'no-index', ...KEY];
  const ran = await user.run(['restore', 'latest', '--to', 'without', ...elsewhere]);
  expect(ran.code).toBe(4);
  expect(ran.stderr).toMatch(
    /^Warning: docs\/\S+\/index\/[0-9a-f]{64}\.pgp: it is missing; the packs were read without it$/m,
  );
  expect(ran.stderr).not.toMatch(/^Error/m);
  expect(readFileSync(user.path('without/file'), 'utf8')).toBe('content');
  const cat = await user.run(['cat', 'latest', 'file', ...elsewhere]);
  expect(cat).toMatchObject({code: 4, stdout: 'content'});
  expect(cat.stderr).toMatch(/^Looking into \d+ packs .*\nWarning: docs\/.*: it is missing; the packs/);
});

test('cat --json: one document, text or base64', async () => {
  user.write('data/bytes', Buffer.from([0xff, 0]));
  await user.must(['backup']);
  for (const [path, bytes, encoding, content] of [
    ['file', 7, 'utf8', 'content'],
    ['bytes', 2, 'base64', '/wA='],
  ]) {
    const {code, json} = await user.json(['cat', 'latest', String(path), ...KEY]);
    expect(code).toBe(0);
    expect(json).toEqual({snapshot: expect.any(String), path, bytes, encoding, content});
  }
});

test('D1: a snapshot whose seal is damaged is not called mistyped', async () => {
  execFileSync('cp', ['-r', repository, user.path('bad-seal')]);
  const folder = join(
    user.path('bad-seal/docs'),
    readdirSync(user.path('bad-seal/docs'))[0] as string,
    'seals',
  );
  const [seal] = readdirSync(folder);
  const id = /-([0-9a-f]{16})\.asc$/.exec(String(seal))?.[1] as string;
  execFileSync('sed', ['-i', '15s/^..../AAAA/', join(folder, String(seal))]);
  const args = ['restore', id, '--repository', 'bad-seal', '--to', 'of-bad-seal', ...KEY];
  const {code, json} = await user.json(args);
  expect(code).toBe(4);
  expect(json).toMatchObject({code: 'DAMAGED', message: expect.stringContaining(`seals/${seal}`)});
});
