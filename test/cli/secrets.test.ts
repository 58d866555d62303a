/** Secrets: canaries in everything that is said or stored, modes of everything that is made (TESTING.md J1-J9; issue 2, "Must hold" 3). */
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {PROGRAM} from '../support/cli.ts';
import {Scratch} from './scratch.ts';

/** What must be nowhere; each says where it was put. */
const CANARY = {
  passphrase: 'canary-passphrase-4711',
  content: 'canary-line-of-a-file-4712',
  name: 'canary-name-of-a-file-4713',
  folder: 'canary-name-of-a-folder-4714',
  config: 'canary-of-the-config-4715',
  hook: 'canary-argument-of-a-hook-4716',
  url: 'canary-userinfo-4717',
};
const user = new Scratch();
const source = user.path(CANARY.folder);
const said: {readonly what: string; readonly text: string}[] = [];

/** Runs it at the highest verbosity, and keeps all that it says. */
async function run(args: readonly string[], env: Record<string, string> = {}): Promise<number | null> {
  const ran = await user.run(args, {env: {DEBUG: '*', ...env}, umask: '000'});
  said.push({what: `holdfast ${args.join(' ')}`, text: `${ran.stdout}\n${ran.stderr}`});
  return ran.code;
}

function files(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'}).map((name) => join(folder, name));
}

beforeAll(async () => {
  user.env = {HOLDFAST_PASSPHRASE: CANARY.passphrase};
  user.write(`${CANARY.folder}/${CANARY.name}`, `${CANARY.content}\n`.repeat(100));
  user.write(`${CANARY.folder}/large`, `${CANARY.content}\n`.repeat(100_000));
  expect(await run(['keygen', 'ops'])).toBe(0);
  expect(await run(['init', 'repo', '-r', 'ops.public.asc'])).toBe(0);
  writeFileSync(
    user.path('holdfast.yaml'),
    `sources:\n  docs: {folder: ${source}, exclude: ["${CANARY.config}"], before: {shell: "true ${CANARY.hook}"}}\n`,
    {flag: 'a'},
  );
  expect(await run(['backup'])).toBe(0);
  user.write(`${CANARY.folder}/second`, CANARY.content);
  expect(await run(['backup', '--json', '--progress', 'json'])).toBe(0);
}, 60_000);
afterAll(() => user[Symbol.dispose]());

// J1, J4
test('no canary in anything that is said, at DEBUG=*, on paths that succeed and paths that fail', async () => {
  const key = ['--key', 'ops.private.asc'];
  expect(await run(['restore', 'latest', '--to', 'out', ...key])).toBe(0);
  expect(await run(['verify', ...key, '--json'])).toBe(0);
  expect(await run(['snapshots'])).toBe(0);
  expect(await run(['catalog', 'info'])).toBe(0);
  const url = `s3://me:${CANARY.url}@host/bucket`;
  expect(await run(['snapshots', '--repository', url])).toBe(2);
  expect(await run(['backup', '--repository', `ftp://${CANARY.url}@host/`, '--json'])).toBe(2);
  expect(await run(['snapshots', `--reposit=${url}`])).toBe(2);
  expect(
    await run(['restore', 'latest', '--to', 'x', ...key], {
      HOLDFAST_PASSPHRASE: `${CANARY.passphrase}-wrong`,
    }),
  ).toBe(12);
  expect(await run(['cat', 'latest', 'nope', ...key, '--passphrase-file', 'missing'])).toBe(12);
  expect(
    await run(['cat', 'latest', 'large', ...key], {
      HOLDFAST_PASSPHRASE_COMMAND: `false ${CANARY.passphrase}`,
      HOLDFAST_PASSPHRASE: '',
    }),
  ).toBe(12);
  expect(await run(['backup'], {HOLDFAST_KEY: 'ops.private.asc'})).toBe(12);
  expect(await run(['backup', '--passphrase', CANARY.passphrase])).toBe(2);
  user.write(
    'hook.yaml',
    `repository: ${user.path('repo')}\nrecipients: [ops.public.asc]\nsources: {docs: {folder: ${source}, before: {shell: "exit 3 # ${CANARY.hook}"}}}\n`,
  );
  await run(['backup', '--config', 'hook.yaml']);
  user.write('env.yaml', 'repository: "s3://me:${env:HOLDFAST_URL_SECRET}@host"\nsourcs: {}\n');
  expect(await run(['backup', '--config', 'env.yaml'], {HOLDFAST_URL_SECRET: CANARY.url})).toBe(2);
  for (const {what, text} of said) {
    for (const secret of ['passphrase', 'content', 'hook', 'url'] as const)
      expect(text.replaceAll(what, ''), `${secret} in what was said by: ${what}`).not.toContain(
        CANARY[secret],
      );
    expect(text, what).not.toContain('PRIVATE KEY');
  }
});

// J1, J8
test('no canary in the repository: not in its bytes, not in the names of its objects', () => {
  const objects = files(user.path('repo'));
  expect(objects.length).toBeGreaterThan(8);
  for (const path of objects) {
    for (const [what, canary] of Object.entries(CANARY)) {
      expect(path.slice(user.path('repo').length), `${what} in a name`).not.toContain(canary);
      if (lstatSync(path).isFile())
        expect(readFileSync(path).includes(canary), `${what} in ${path}`).toBe(false);
    }
  }
});

// J9: the catalog holds names and attributes, which is stated; content and secrets it must not.
test('no content, passphrase or config in the catalog and the rest of the state', () => {
  const state = files(user.path('state')).filter((path) => lstatSync(path).isFile());
  expect(state.some((path) => path.endsWith('catalog.db'))).toBe(true);
  for (const path of state)
    for (const secret of ['content', 'passphrase', 'config', 'hook'] as const)
      expect(readFileSync(path).includes(CANARY[secret]), `${secret} in ${path}`).toBe(false);
});

// J3
test('every file is 0600 and every folder 0700, under umask 000', () => {
  const made = [
    ...files(user.path('repo')),
    ...files(user.path('state')),
    user.path('repo'),
    user.path('state/holdfast'),
  ];
  const keys = readdirSync(user.home)
    .filter((name) => name.endsWith('.asc') || name === 'holdfast.yaml')
    .map((name) => user.path(name));
  expect(keys).toHaveLength(4);
  for (const path of [...made, ...keys]) {
    const stats = lstatSync(path);
    expect((stats.mode & 0o777).toString(8), path).toBe(stats.isDirectory() ? '700' : '600');
  }
});

// J3: O_EXCL, and a planted link is not followed.
test('a link planted where a key, a config or an archive goes is not followed', async () => {
  const victim = user.write('victim', 'precious');
  for (const name of ['planted.private.asc', 'planted.yaml', 'planted.tar', 'planted.tar.part'])
    symlinkSync(victim, user.path(name));
  expect(await run(['keygen', 'planted'])).toBe(2);
  symlinkSync(user.path('nowhere'), user.path('dangling.private.asc'));
  expect(await run(['keygen', 'dangling'])).not.toBe(0);
  expect(await run(['restore', 'latest', '--tar', 'planted.tar', '--key', 'ops.private.asc'])).toBe(2);
  expect(existsSync(user.path('nowhere'))).toBe(false);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
});

// J2
describe('while it runs', () => {
  test('the command line of the process tells no secret, and no temporary file holds plaintext (J5), also after kill -9', async () => {
    const tmp = user.path('tmp');
    execFileSync('mkdir', [tmp]);
    for (let i = 0; i < 30; i++)
      user.write(`${CANARY.folder}/more-${i}`, `${CANARY.content} ${i}\n`.repeat(60_000));
    const child = spawn(process.execPath, [PROGRAM, 'backup', '--full', '--progress', 'json'], {
      cwd: user.home,
      env: {
        PATH: process.env['PATH'],
        HOME: user.home,
        XDG_STATE_HOME: user.path('state'),
        TMPDIR: tmp,
        ...user.env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(child.stderr, 'data');
    const cmdline = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
    child.kill('SIGKILL');
    await once(child, 'close');
    for (const canary of Object.values(CANARY)) expect(cmdline).not.toContain(canary);
    for (const path of [...files(tmp), ...files(user.path('repo')), ...files(user.path('state'))])
      if (lstatSync(path).isFile()) expect(readFileSync(path).includes(CANARY.content), path).toBe(false);
  });
});

// Mutation of the test itself: the search finds what is there.
test('the canaries are where they belong', () => {
  expect(readFileSync(user.path('out', CANARY.name), 'utf8')).toContain(CANARY.content);
});
