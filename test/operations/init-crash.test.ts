import {spawnSync} from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import * as openpgp from 'openpgp';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {initRepository, writePrivateFile} from '../../src/operations/init.ts';
import {trustedAgents} from '../../src/repository/agents.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {jsonOf, runCli, startCli} from '../support/cli.ts';
import {CrashPoints} from '../support/crash-points.ts';
import {CutOffError} from '../support/faulty-target.ts';
import {sharedRecipient} from '../support/machine.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-init-'));
});

afterEach(() => rmSync(folder, {recursive: true, force: true}));

// A13
test('init that is cut off before or after any write is completed by running it again', async () => {
  const {recipient} = await sharedRecipient();
  for (let n = 1; ; n++) {
    const place = join(folder, `${n}`);
    const target = new FileTarget(join(place, 'repository'));
    const options = {
      recipients: [recipient],
      join: false,
      now: () => new Date(),
      agentPath: () => join(place, 'agent.private.asc'),
    };
    const points = new CrashPoints(n);
    const outcome: unknown = await initRepository(points.target(target), options).catch(
      (error: unknown) => error,
    );
    if (points.crashed === undefined) {
      expect(outcome).toMatchObject({created: true});
      expect(n).toBe(2 * ['create', 'marker', 'agent', 'guide', 'script'].length + 1);
      break;
    }
    expect(outcome).toBeInstanceOf(CutOffError);
    const {repository, agent} = await initRepository(target, options);
    const agents = await trustedAgents(repository, new TrustFile(join(place, 'seen.json'), repository.id));
    expect(agents, points.crashed).toMatchObject({strangers: [], metFirst: agent.fingerprint});
    expect(readdirSync(join(place, 'repository')).sort(), points.crashed).toEqual(
      ['RECOVERY.md', 'agents', 'holdfast.json', 'recover.py'].sort(),
    );
    // A third run changes nothing.
    expect(await initRepository(target, options)).toMatchObject({created: false, otherAgents: []});
    expect(readdirSync(join(place, 'repository', 'agents'))).toEqual([`${agent.fingerprint}.asc`]);
  }
});

// A13: the whole command, with catalog, memory and config.
test('init that is killed at any moment is completed by running it again; then a backup runs', async () => {
  await jsonOf({folder}, 'keygen', 'ops', '--no-passphrase');
  mkdirSync(join(folder, 'source'));
  writeFileSync(join(folder, 'source', 'file'), 'content');
  const init = ['init', 'repository', '--recipient', '../ops.public.asc', '--json'];
  for (const share of [0.55, 0.7, 0.8, 0.9]) {
    const place = {folder: join(folder, `killed-at-${share}`)};
    mkdirSync(place.folder);
    const measured = {folder: join(folder, `whole-${share}`)};
    mkdirSync(measured.folder);
    const started = performance.now();
    await runCli(measured, ...init);
    const wholeMs = performance.now() - started;
    const {child, ended} = startCli(place, init);
    await Promise.race([delay(wholeMs * share), ended]);
    child.kill('SIGKILL');
    await ended;
    const config = join(place.folder, 'holdfast.yaml');
    const {code, stderr} = await runCli(place, ...init);
    expect({code, stderr}, `killed after ${share}`).toEqual({code: 0, stderr: ''});
    const text = readFileSync(config, 'utf8').replace(/^sources:[\s\S]*/m, '');
    writeFileSync(config, `${text}\nsources:\n  files:\n    folder: ${join(folder, 'source')}\n`);
    await jsonOf(place, 'backup');
    const left = readdirSync(place.folder, {recursive: true, encoding: 'utf8'});
    expect(left.filter((name) => /agents\/[0-9a-f]{64}\.asc$/.test(name))).toHaveLength(1);
  }
});

// A13
test('keygen that is killed leaves whole files or none, and says what is there when it is run again', async () => {
  const args = ['keygen', 'ops', '--no-passphrase', '--output', 'keys', '--json'];
  for (const share of [0.6, 0.8, 0.95]) {
    const place = {folder: join(folder, `${share}`)};
    mkdirSync(place.folder);
    const measured = {folder: join(folder, `whole-${share}`)};
    mkdirSync(measured.folder);
    const started = performance.now();
    await runCli(measured, ...args);
    const wholeMs = performance.now() - started;
    const {child, ended} = startCli(place, args);
    await Promise.race([delay(wholeMs * share), ended]);
    child.kill('SIGKILL');
    await ended;
    await expectWholeKeys(join(place.folder, 'keys'), () => runCli(place, ...args));
  }
});

// A13: between its three files, which come in this order.
test.each([[['private']], [['private', 'revocation']], [['public']]])(
  'keygen beside %j overwrites nothing',
  async (there) => {
    await jsonOf({folder}, 'keygen', 'other', '--no-passphrase');
    mkdirSync(join(folder, 'keys'));
    for (const kind of there)
      writeFileSync(
        join(folder, 'keys', `ops.${kind}.asc`),
        readFileSync(join(folder, `other.${kind}.asc`)),
        {mode: 0o600},
      );
    await expectWholeKeys(join(folder, 'keys'), () =>
      runCli({folder}, 'keygen', 'ops', '--no-passphrase', '--output', 'keys', '--json'),
    );
  },
);

async function expectWholeKeys(keys: string, rerun: () => ReturnType<typeof runCli>): Promise<void> {
  const names = existsSync(keys) ? readdirSync(keys).filter((name) => name.endsWith('.asc')) : [];
  const before = new Map(names.map((name) => [name, readFileSync(join(keys, name), 'utf8')]));
  const {code, stderr} = await rerun();
  if (names.length === 0) expect(code).toBe(0);
  else {
    expect(code).toBe(2);
    for (const name of names) expect(stderr).toContain(join(keys, name));
  }
  for (const [name, text] of before) expect(readFileSync(join(keys, name), 'utf8')).toBe(text);
  for (const name of readdirSync(keys).filter((name) => name.endsWith('.asc'))) {
    const armored = readFileSync(join(keys, name), 'utf8');
    expect(statSync(join(keys, name)).mode & 0o777).toBe(0o600);
    if (name === 'ops.private.asc') await openpgp.readPrivateKey({armoredKey: armored});
    if (name === 'ops.public.asc') await openpgp.readKey({armoredKey: armored});
  }
}

test('a private file appears whole or not at all, never replaces another, and is for its owner alone', () => {
  const path = join(folder, 'new', 'key.asc');
  const umask = process.umask(0);
  try {
    writePrivateFile(path, 'whole');
  } finally {
    process.umask(umask);
  }
  expect([
    readFileSync(path, 'utf8'),
    statSync(path).mode & 0o777,
    statSync(join(folder, 'new')).mode & 0o777,
  ]).toEqual(['whole', 0o600, 0o700]);
  expect(() => writePrivateFile(path, 'other')).toThrow('EEXIST');
  expect(readFileSync(path, 'utf8')).toBe('whole');
  expect(readdirSync(join(folder, 'new'))).toEqual(['key.asc']);

  // A write that the system refuses half-way: the limit is 1 KiB.
  const script = `
    import {writePrivateFile} from ${JSON.stringify(join(import.meta.dirname, '../../src/operations/init.ts'))};
    process.on('SIGXFSZ', () => {});
    writePrivateFile(${JSON.stringify(join(folder, 'new', 'large.asc'))}, 'x'.repeat(5000));`;
  const limited = spawnSync(
    'bash',
    ['-c', 'ulimit -f 1; exec "$0" --input-type=module -e "$1"', process.execPath, script],
    {
      encoding: 'utf8',
    },
  );
  expect(limited.stderr).toContain('EFBIG');
  expect(readdirSync(join(folder, 'new'))).toEqual(['key.asc']);
});
