/** recover.py, as init writes it, on a machine with Python, zstd and one OpenPGP program, but without Holdfast. */
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import type {CommandSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {generateGenerationKey, generateRecipientKey} from '../../src/crypto/keygen.ts';
import {readRecipient} from '../../src/crypto/keys.ts';
import {encryptToRecipients} from '../../src/crypto/message.ts';
import {newAgent} from '../../src/repository/agent.ts';
import {kitFiles} from '../../src/repository/kit.ts';
import {Secret} from '../../src/system/secret.ts';
import {GnupgHome} from '../support/gnupg.ts';
import {Machine} from '../support/machine.ts';
import {type OpenPgpProgram, openPgpProgram, whyWithout} from '../support/openpgp-programs.ts';
import {Pruner} from '../support/pruner.ts';
import {describeTree, type EntryDescription, editNastyTree, makeNastyTree, noise} from '../support/trees.ts';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-kit-'));
const at = (...parts: string[]): string => join(scratch, ...parts);
const passphrase = new Secret('correct horse');
const WRONG = at('wrong-passphrase');
const RIGHT = at('passphrase');

let machine: Machine;
let repository: string;
let copy: string;
let out: string;
let full: {id: string};
let incremental: {id: string};
let treeOfFull: EntryDescription[];
let treeOfIncremental: EntryDescription[];
let runs = 0;

beforeAll(async () => {
  mkdirSync(at('temporary'));
  machine = await Machine.create();
  const now = new Date(Date.now() - 60_000);
  const recipients = [];
  for (const compat of [undefined, 'gpg'] as const) {
    const {publicKey, privateKey} = await generateRecipientKey({name: 'Ops', compat, passphrase, now});
    writeFileSync(at(`${compat ?? 'modern'}.private.asc`), privateKey);
    writeFileSync(at(`${compat ?? 'modern'}.public.asc`), publicKey);
    recipients.push(await readRecipient(Buffer.from(publicKey), 'test key', now));
  }
  const stranger = await generateRecipientKey({name: 'Stranger', passphrase, now});
  writeFileSync(at('stranger.private.asc'), stranger.privateKey);
  writeFileSync(RIGHT, `${passphrase.reveal()}\n`);
  writeFileSync(WRONG, 'battery staple\n');
  machine.recipients = recipients;
  makeNastyTree(machine.source, {large: false});
  writeFileSync(join(machine.source, 'content/nine-mib'), noise(9 << 20, 'large'));
  full = {id: (await machine.backup()).id ?? ''};
  treeOfFull = describeTree(machine.source);
  editNastyTree(machine.source);
  incremental = {id: (await machine.backup()).id ?? ''};
  treeOfIncremental = describeTree(machine.source);
  repository = machine.repositoryFolder;
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  rmSync(scratch, {recursive: true, force: true});
});
beforeEach(() => {
  runs += 1;
  out = at(`out-${runs}`);
  copy = at(`copy-${runs}`);
});

interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

/** Runs the script that lies in the repository. Where it keeps secrets must be empty afterwards. */
function recover(
  arguments_: readonly string[],
  {path = toolsPath(), env = {}}: {path?: string; env?: object} = {},
): Outcome {
  const script = join(repository, 'recover.py');
  const {status, stdout, stderr} = spawnSync('python3', [script, ...arguments_], {
    encoding: 'utf8',
    env: {...process.env, PATH: path, TMPDIR: at('temporary'), ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(readdirSync(at('temporary'))).toEqual([]);
  expect(stderr).not.toContain('Traceback');
  return {code: status, text: stdout + stderr};
}

function restore(from: string, what: string, program: OpenPgpProgram, ...more: string[]): Outcome {
  const key = ['--key', at('modern.private.asc'), '--passphrase-file', RIGHT];
  return recover(['restore', from, what, ...key, '--to', out, '--sop', openPgpProgram(program), ...more]);
}

/** PATH with the other programs first. */
function toolsPath(): string {
  return [dirname(openPgpProgram('rsop')), process.env['PATH']].join(delimiter);
}

/** PATH with Python and zstd alone. */
function barePath(): string {
  const bin = at('bin');
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {encoding: 'utf8'});
  symlinkSync(python.trim(), join(bin, 'python3'));
  symlinkSync(execFileSync('which', ['zstd'], {encoding: 'utf8'}).trim(), join(bin, 'zstd'));
  return bin;
}

function objects(kind: 'packs' | 'index' | 'seals' | 'snapshots', under = copy): string[] {
  return readdirSync(under, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.includes(`/${kind}/`) && /\.(pgp|asc)$/.test(name))
    .sort((a, b) => statSync(join(under, b)).size - statSync(join(under, a)).size);
}

function flipBit(path: string, byte: number): void {
  const bytes = readFileSync(path);
  bytes[byte] = (bytes[byte] ?? 0) ^ 4;
  writeFileSync(path, bytes);
}

test('init writes the kit', () => {
  for (const {name, content} of kitFiles()) expect(readFileSync(join(repository, name))).toEqual(content);
});

test('without any OpenPGP program: lists, verifies hashes, and says what is missing', () => {
  const path = barePath();
  const list = recover(['list', repository], {path});
  expect(list.code).toBe(0);
  expect(list.text).toContain(full.id);
  expect(list.text).toMatch(new RegExp(`${incremental.id} +files +incremental`));
  const verified = recover(['verify', repository], {path});
  expect(verified).toMatchObject({code: 0, text: expect.stringContaining('Problems: none')});
  expect(verified.text).toMatch(/Signatures were NOT checked.*apt install rsop/);
  const restored = recover(['restore', repository, '--key', at('modern.private.asc'), '--to', out], {path});
  expect(restored).toMatchObject({
    code: 1,
    text: expect.stringMatching(/no OpenPGP program.*apt install rsop/),
  });
  expect(existsSync(out)).toBe(false);
});

test('verify names damage and the snapshots it affects', () => {
  cpSync(repository, copy, {recursive: true});
  const [pack = '', other = ''] = objects('packs');
  flipBit(join(copy, pack), 5000);
  rmSync(join(copy, other));
  const {code, text} = recover(['verify', copy], {path: barePath()});
  expect(code).toBe(1);
  expect(text).toMatch(new RegExp(`DAMAGED +${pack} is damaged.*${full.id} ${incremental.id}`));
  expect(text).toMatch(new RegExp(`DAMAGED +${other} is missing.*${incremental.id}`));
});

const lacking = whyWithout('rsop', 'sqop', 'sq');
describe.skipIf(lacking)(`with other programs ${lacking ?? ''}`, () => {
  test.each(['rsop', 'sqop', 'sq'] as const)('%s restores the incremental as it was', (program) => {
    const {code, text} = restore(repository, 'latest', program);
    expect(text).toContain('Complete: no entry is missing.');
    expect(text).toContain('Signature of the seal: good; of the snapshot: good.');
    expect(code).toBe(0);
    expect(describeTree(out)).toEqual(treeOfIncremental);
  });

  test('without the index: the full one, by its id, into a folder that hands down ACLs', () => {
    mkdirSync(out);
    spawnSync('setfacl', ['-d', '-m', 'u:1234:rwx', out]);
    const {code, text} = restore(repository, full.id, 'rsop', '--no-index');
    expect(code, text).toBe(0);
    expect(describeTree(out)).toEqual(treeOfFull);
  });

  test.each([0, 1e9])(
    'a dump in hundreds of blobs, full and incremental; with a cache of %i bytes',
    async (cacheBytes) => {
      await using other = await Machine.create();
      const dump = join(other.folder, 'dump');
      const source: CommandSourceConfig = {
        ...stdinSource('db', 'db.sql', Number.POSITIVE_INFINITY),
        kind: 'command',
        command: {words: ['cat', dump]},
        end: undefined,
        cacheBytes,
      };
      other.recipients = machine.recipients;
      const first = noise(6 << 20, 'dump');
      writeFileSync(dump, first);
      const {id} = await other.backupDump(source);
      const second = Buffer.concat([first.subarray(0, 3 << 20), Buffer.from('new'), first.subarray(3 << 20)]);
      writeFileSync(dump, second);
      await other.backupDump(source);
      repository = other.repositoryFolder;
      try {
        for (const [what, content, more] of [
          [id ?? '', first, []],
          ['db', second, []],
          ['db', second, ['--no-index']],
        ] as const) {
          expect(restore(repository, what, 'rsop', ...more)).toMatchObject({code: 0});
          expect(readFileSync(join(out, 'db.sql')).equals(content)).toBe(true);
          rmSync(out, {recursive: true});
        }
      } finally {
        repository = machine.repositoryFolder;
      }
    },
  );

  test('--include restores a part, and says when it is none', () => {
    expect(
      restore(repository, 'files', 'rsop', '--include', 'content/size-5*', '--include', 'small/0').code,
    ).toBe(0);
    const expected = treeOfIncremental.filter(({path}) =>
      /^(content|small)$|^content\/size-5|^small\/0(\/|$)/.test(path),
    );
    expect(describeTree(out, {root: false})).toEqual(expected);
    expect(restore(repository, 'files', 'rsop', '--continue', '--include', 'absent')).toMatchObject({
      code: 1,
    });
  });

  test('a damaged pack: names it and what is lost, restores the rest, and completes it from another copy', () => {
    cpSync(repository, copy, {recursive: true});
    const [pack = ''] = objects('packs');
    flipBit(join(copy, pack), 5000);
    for (const index of [[], ['--no-index']]) {
      rmSync(out, {recursive: true, force: true});
      const {code, text} = restore(copy, 'latest', 'rsop', ...index);
      expect(code).toBe(1);
      expect(text).toContain(`DAMAGED  ${pack} is damaged`);
      expect(text).toContain('NOT COMPLETE');
      const lost = [...text.matchAll(/^LOST {5}(.*?): /gm)].map(([, path]) => path);
      expect(lost.length).toBeGreaterThan(0);
      const there = new Map(describeTree(out).map((entry) => [entry.path, entry]));
      const absent = treeOfIncremental.filter(({path}) => !there.has(path));
      expect(lost).toHaveLength(absent.length);
      for (const {path} of absent.filter(({path}) => /^[\w/-]+$/.test(path))) expect(lost).toContain(path);
      for (const entry of treeOfIncremental.filter(({path, links}) => there.has(path) && links === undefined))
        expect(there.get(entry.path)).toEqual(entry);
    }
    copyFileSync(join(repository, pack), join(copy, pack));
    expect(restore(copy, 'latest', 'rsop').text).toContain('is not empty');
    const {code, text} = restore(copy, 'latest', 'rsop', '--continue');
    expect(code, text).toBe(0);
    expect(text).toContain('kept from an earlier run');
    expect(describeTree(out)).toEqual(treeOfIncremental);
  });

  test('needs neither marker, index nor the seals before: all of the content is still there', () => {
    cpSync(repository, copy, {recursive: true});
    rmSync(join(copy, 'holdfast.json'));
    for (const name of objects('index')) rmSync(join(copy, name));
    for (const name of objects('seals')) if (name.includes(full.id)) rmSync(join(copy, name));
    const {code, text} = restore(copy, incremental.id, 'sqop');
    expect(code, text).toBe(0);
    expect(text).toMatch(/DAMAGED.*holdfast.json.*\n.*DAMAGED.*the seal before/);
    expect(describeTree(out)).toEqual(treeOfIncremental);
  });

  // Public keys are all it takes to plant one; it must not stand in the way of the real one.
  test('a planted generation-2.pgp with another key stops nothing', async () => {
    cpSync(repository, copy, {recursive: true});
    const generation = readdirSync(join(copy, 'files')).sort()[0] ?? '';
    const forged = {privateKey: (await generateGenerationKey(new Date())).armor(), blobIdKey: ''};
    const keys = machine.recipients.map((recipient) => recipient.key);
    for (const each of readdirSync(join(copy, 'files')))
      writeFileSync(
        join(copy, 'files', each, 'generation-2.pgp'),
        await encryptToRecipients(Buffer.from(JSON.stringify(forged)), keys),
      );
    expect(restore(copy, 'latest', 'rsop')).toMatchObject({code: 0});
    expect(describeTree(out)).toEqual(treeOfIncremental);
    rmSync(join(copy, 'files', generation, 'generation.pgp'));
    expect(restore(copy, full.id, 'rsop', '--continue')).toMatchObject({
      text: expect.stringMatching(/generation-2.pgp: it does not hold the key that the seal names/) as string,
    });
  });

  test('a forged seal, and a seal of another agent, are refused', async () => {
    cpSync(repository, copy, {recursive: true});
    const [agent = ''] = readdirSync(join(copy, 'agents'));
    const other = await newAgent(new Date());
    writeFileSync(join(copy, 'agents', agent), other.key.toPublic().armor());
    const replaced = restore(copy, 'latest', 'rsop');
    expect(replaced).toMatchObject({code: 1, text: expect.stringContaining('does not verify')});
    expect(existsSync(out)).toBe(false);
    expect(recover(['verify', copy])).toMatchObject({code: 1});
    const named = restore(repository, 'latest', 'rsop', '--agent', other.fingerprint);
    expect(named).toMatchObject({code: 1, text: expect.stringContaining('not by the agent that you named')});
    const [seal = ''] = objects('seals', repository).filter((name) => name.includes(incremental.id));
    copyFileSync(join(repository, 'agents', agent), join(copy, 'agents', agent));
    writeFileSync(join(copy, seal), forge(readFileSync(join(copy, seal), 'latin1')));
    expect(restore(copy, incremental.id, 'sqop')).toMatchObject({
      code: 1,
      text: expect.stringContaining('does not verify'),
    });
    expect(recover(['verify', copy]).text).toMatch(/DAMAGED +files.*its signature does not verify/);
  });

  test.each(['rsop', 'sqop'] as const)(
    'clear words for a wrong passphrase, a wrong key, a public key (%s)',
    (program) => {
      const attempt = (key: string, file: string): Outcome =>
        recover([
          'restore',
          repository,
          '--key',
          at(key),
          '--passphrase-file',
          file,
          '--to',
          out,
          '--sop',
          openPgpProgram(program),
        ]);
      const wrong = attempt('modern.private.asc', WRONG);
      expect(wrong).toMatchObject({code: 1, text: expect.stringContaining(`wrong passphrase in ${WRONG}`)});
      expect(attempt('gpg.private.asc', WRONG).text).toContain('wrong passphrase');
      expect(attempt('stranger.private.asc', RIGHT)).toMatchObject({
        code: 1,
        text: expect.stringContaining('wrong key'),
      });
      expect(attempt('modern.public.asc', RIGHT)).toMatchObject({
        code: 1,
        text: expect.stringContaining('is a public key'),
      });
      expect(attempt('absent', RIGHT)).toMatchObject({
        code: 1,
        text: expect.stringContaining('No such file'),
      });
      expect(existsSync(out)).toBe(false);
    },
  );

  test('ended by a signal, it leaves no secret and no half of a file', async () => {
    const slow = at('slow-sop');
    writeFileSync(
      slow,
      `#!/bin/sh\ncase "$*" in "decrypt "*generation.key*) [ -e ${at('go')} ] || { touch ${at('here')}; sleep 60 & wait; } ;; esac\nexec ${openPgpProgram('rsop')} "$@"\n`,
    );
    chmodSync(slow, 0o755);
    const child = spawn(
      'python3',
      [
        join(repository, 'recover.py'),
        'restore',
        repository,
        '--key',
        at('modern.private.asc'),
        '--passphrase-file',
        RIGHT,
        '--to',
        out,
        '--sop',
        slow,
      ],
      {env: {...process.env, TMPDIR: at('temporary')}, stdio: 'ignore', detached: true},
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (!existsSync(at('here'))) await sleep(20);
    const [folder = ''] = readdirSync(at('temporary'));
    expect(statSync(at('temporary', folder)).mode & 0o777).toBe(0o700);
    expect(statSync(at('temporary', folder, 'generation.key')).mode & 0o777).toBe(0o600);
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await ended;
    expect(readdirSync(at('temporary'))).toEqual([]);
  });

  const noGpg = whyWithout('gpg');
  test.skipIf(noGpg)(`gpg opens generation.pgp; rsop the rest ${noGpg ?? ''}`, () => {
    using gnupg = new GnupgHome(passphrase.reveal());
    gnupg.run(['--import', at('gpg.private.asc')]);
    gnupg.forget();
    const env = {GNUPGHOME: gnupg.folder};
    const arguments_ = ['restore', repository, '--key', 'gpg', '--to', out, '--sop', openPgpProgram('rsop')];
    const wrong = recover([...arguments_, '--passphrase-file', WRONG], {env});
    expect(wrong).toMatchObject({code: 1, text: expect.stringContaining('gpg says')});
    const {code, text} = recover([...arguments_, '--passphrase-file', RIGHT], {env});
    expect(code, text).toBe(0);
    expect(describeTree(out)).toEqual(treeOfIncremental);
  });

  test('the commands of RECOVERY.md bring back names and contents', () => {
    const guide = readFileSync(join(repository, 'RECOVERY.md'), 'utf8').replaceAll(
      '/tmp/by-hand',
      at('by-hand'),
    );
    const blocks = [...guide.slice(guide.indexOf('\n## By hand')).matchAll(/```sh\n(.*?)```/gs)].map(
      ([, block = '']) => block,
    );
    const lines = blocks.map((block) => (block.includes('<<') ? block : withProgram(block, 'rsop'))).join('');
    const [seal = ''] = objects('seals', repository).filter((name) => name.includes(incremental.id));
    copyFileSync(at('modern.private.asc'), join(repository, dirname(seal), '../ops.private.asc'));
    writeFileSync(join(repository, dirname(seal), '../passphrase'), passphrase.reveal());
    const script = lines
      .replace('cd repo/SOURCE/GENERATION', `cd ${join(repository, dirname(seal), '..')}`)
      .replaceAll('ID.pgp', `${incremental.id}.pgp`);
    const {status, stdout, stderr} = spawnSync('sh', ['-e'], {
      input: script,
      encoding: 'utf8',
      env: {...process.env, PATH: toolsPath()},
    });
    for (const name of ['ops.private.asc', 'passphrase']) rmSync(join(repository, dirname(seal), '..', name));
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^(NOT COMPLETE: .*restored\/long\/.*File name too long.*\n)?$/);
    const contents = (tree: EntryDescription[]): string[] =>
      tree
        .filter(({type, path}) => type === 'file' && !path.startsWith('long/'))
        .map(({path, size, sha256}) => `${path} ${size} ${sha256}`);
    expect(contents(describeTree(at('by-hand/restored')))).toEqual(contents(treeOfIncremental));
  });
});

/** A seal whose payload says something else under the old signature, in sound armor. */
function forge(armored: string): string {
  const [head = '', body = ''] = armored.split('\n\n');
  const bytes = Buffer.from(body.slice(0, body.indexOf('\n-----END')).replace(/\n=.{4}$/, ''), 'base64');
  const forged = Buffer.from(bytes.toString('latin1').replace('"warnings":', '"warninGs":'), 'latin1');
  expect(forged.equals(bytes)).toBe(false);
  const lines = forged.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `${head}\n\n${lines}-----END PGP MESSAGE-----\n`;
}

/** Of lines that do the same with different programs, those for one. */
function withProgram(block: string, program: string): string {
  const others = ['rsop', 'sq', 'gpg'].filter((name) => name !== program);
  return block
    .split('\n')
    .filter((line) => !others.some((name) => line.startsWith(`${name} `) || line.includes(`do ${name} `)))
    .join('\n');
}

// A11, F7
test.skipIf(lacking !== undefined)(
  'after a prune and a repack it lists what was pruned as that, verifies, and restores what is kept',
  async () => {
    await using pruned = await Machine.create();
    const pruner = new Pruner(pruned);
    writeFileSync(at('shared.private.asc'), pruned.privateKey.armor());
    const from = pruned.repositoryFolder;
    const kept: {id: string; tree: EntryDescription[]}[] = [];
    for (let day = 0; day < 3; day++) {
      for (let i = 0; i < 3; i++)
        writeFileSync(join(pruned.source, `passing-${i}`), noise(30_000, `${day} ${i}`));
      writeFileSync(join(pruned.source, `staying-${day}`), noise(10_000, `staying ${day}`));
      kept.push({id: String((await pruned.backup()).id), tree: describeTree(pruned.source)});
    }
    const [gone] = kept.splice(1, 1);
    await pruner.prune({last: 1});
    await pruner.repack();
    const restoresAll = (): void => {
      expect(recover(['verify', from, '--sop', openPgpProgram('rsop')])).toMatchObject({
        code: 0,
        text: expect.stringContaining('Problems: none'),
      });
      for (const {id, tree} of kept) {
        const to = at(`repacked-${id}`);
        const args = ['restore', from, id, '--key', at('shared.private.asc'), '--to', to];
        expect(recover([...args, '--sop', openPgpProgram('rsop')])).toMatchObject({code: 0});
        expect(describeTree(to)).toEqual(tree);
        rmSync(to, {recursive: true});
      }
    };
    expect(recover(['list', from]).text).toMatch(new RegExp(`${gone?.id} .*pruned: may be incomplete`));
    restoresAll();
    writeFileSync(join(pruned.source, 'more'), 'more');
    kept.push({id: String((await pruned.backup()).id), tree: describeTree(pruned.source)});
    expect((await pruner.prune({last: 2}, {graceMs: 0})).swept.packs).toBeGreaterThan(0);
    restoresAll();
  },
);
