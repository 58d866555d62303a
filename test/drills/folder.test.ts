/** Folder drills: good, and sabotaged (TESTING.md A20, C11, D1, INV6; issue 6, must hold 1). */
import {chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {DrillCheckConfig} from '../../src/config/drills.ts';
import {compareFolder} from '../../src/operations/drill/compare-folder.ts';
import type {restoreToFolder} from '../../src/operations/restore.ts';
import {openSealedGeneration, readSealedSnapshot} from '../../src/repository/open-snapshot.ts';
import {compileExcludes} from '../../src/sources/folder/exclude.ts';
import {Machine} from '../support/machine.ts';
import {DrillRoom, failures} from './room.ts';

let machine: Machine;
let room: DrillRoom;

beforeEach(async () => {
  machine = await Machine.create();
  room = new DrillRoom(machine);
  mkdirSync(join(machine.source, 'conf'));
  for (let n = 0; n < 40; n++)
    writeFileSync(join(machine.source, `file${n}`), `content ${n}\n`.repeat(2000 + n));
  writeFileSync(join(machine.source, 'conf', 'app.conf'), 'listen 8080\n');
  writeFileSync(join(machine.source, 'sparse'), 'begin');
  truncateSync(join(machine.source, 'sparse'), 10_000_000);
  symlinkSync('file1', join(machine.source, 'link'));
});
afterEach(() => machine[Symbol.asyncDispose]());

const check = (part: object): DrillCheckConfig =>
  ({name: undefined, source: undefined, ...part}) as DrillCheckConfig;

describe('a folder drill', () => {
  test('proves a full and an incremental snapshot, measures, and leaves nothing behind', async () => {
    await machine.backup();
    writeFileSync(join(machine.source, 'file3'), 'changed since');
    await machine.backup();

    const [full, incremental] = await room.run('files', {snapshot: 'both', rtoMs: 600_000, rpoMs: 600_000});

    expect(full?.report).toMatchObject({
      result: 'passed',
      scope: 'whole',
      files: 42,
      subjects: [{kind: 'full'}],
    });
    expect(incremental?.report).toMatchObject({
      result: 'passed',
      subjects: [{kind: 'incremental', sequence: 2}],
    });
    const {times, rtoMs, rpoMs, bytes} = incremental?.report ?? {};
    const sum = Object.values(times ?? {}).reduce((total, ms) => total + ms, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual((rtoMs ?? 0) + 10);
    expect(rpoMs).toBeGreaterThan(0);
    expect(bytes?.fetched).toBeGreaterThan(0);
    expect(room.leftBehind).toEqual([]);
    expect((await room.drills()).reports).toHaveLength(2);
  });

  test('of a sample restores what matters, too, and says what the whole would take', async () => {
    await machine.backup();
    const [drill] = await room.run('files', {
      sample: 0.25,
      matters: ['*.conf'],
      checks: [check({kind: 'fileExists', file: 'conf/app.conf'})],
    });
    expect(drill?.report).toMatchObject({result: 'passed', scope: 'sample'});
    expect(drill?.report.files).toBeLessThan(30);
    expect(drill?.report.files).toBeGreaterThan(1);
    expect(drill?.report.estimate?.fullMs).toBeGreaterThanOrEqual(drill?.report.rtoMs ?? 0);
    expect(drill?.report.estimate?.fullMs).toBeLessThan(100 * (drill?.report.rtoMs ?? 0));
    expect(drill?.report.estimate?.assumptions.length).toBeGreaterThan(2);
  });

  test('runs the checks of the owner', async () => {
    await machine.backup();
    const checks = [
      check({
        kind: 'command',
        command: {
          shell:
            'grep -q listen conf/app.conf && test "$PWD" = "$HOLDFAST_DRILL_FOLDER" && test -z "$HOLDFAST_KEY"',
        },
      }),
      check({kind: 'fileExists', file: 'file7', name: 'seventh'}),
      check({kind: 'contains', file: 'conf/app.conf', text: 'listen 8080'}),
      check({
        kind: 'http',
        url: 'http://127.0.0.1:{port}/conf/app.conf',
        start: {words: ['python3', '-m', 'http.server', '--bind', '127.0.0.1', '{port}']},
        status: 200,
        contains: 'listen',
        withinMs: 30_000,
      }),
    ];
    const [drill] = await room.run('files', {checks});
    expect(failures(drill ?? never())).toEqual([]);
    expect(drill?.report.checks.map(({name}) => name)).toEqual([
      'files as recorded',
      'command 1',
      'seventh',
      'contains 3',
      'http 4',
    ]);
    expect(room.leftBehind).toEqual([]);
  });

  test('fails where a check fails, says why on this machine, and keeps names and values out of the report', async () => {
    await machine.backup();
    const checks = [
      check({kind: 'command', command: {shell: 'echo the cellar is flooded; exit 7'}}),
      check({kind: 'fileExists', file: 'secret-plans'}),
      check({kind: 'contains', file: 'conf/app.conf', text: 'nowhere'}),
      check({
        kind: 'http',
        url: 'http://127.0.0.1:{port}/',
        start: {words: ['false']},
        status: 200,
        withinMs: 20_000,
      }),
    ];
    const [drill] = await room.run('files', {checks});
    expect(drill?.report.result).toBe('failed');
    expect(failures(drill ?? never())).toMatchObject([
      {name: 'command 1', detail: 'exit code 7', more: ['the cellar is flooded']},
      {name: 'fileExists 2', more: ['There is no secret-plans.']},
      {name: 'contains 3'},
      {name: 'http 4', detail: 'the program ended: exit code 1'},
    ]);
    const published = readFileSync(
      join(machine.repositoryFolder, 'drills', `${drill?.report.id}.asc`),
      'latin1',
    );
    const text = Buffer.from(published.replaceAll(/-----.*-----|\n=.*/g, ''), 'base64').toString('latin1');
    expect(text).toContain('"result":"failed"');
    for (const word of ['secret-plans', 'flooded', 'app.conf', 'file7']) expect(text).not.toContain(word);
    expect(room.leftBehind).toEqual([]);
  });

  test('fails where a pack is missing, and names every file that is lost', async () => {
    await machine.backup();
    await room.losePack('files');
    const [drill] = await room.run('files');
    expect(drill?.report.result).toBe('failed');
    const [failure] = failures(drill ?? never());
    expect(failure?.more.join('\n')).toMatch(/it is missing/);
    expect(failure?.detail).toBe('44 of 44 entries are missing, damaged or different');
    expect(room.leftBehind).toEqual([]);
  });

  test('fails where an objective is missed, though everything came back', async () => {
    await machine.backup();
    const [drill] = await room.run('files', {rtoMs: 1, rpoMs: 1});
    expect(drill?.report.result).toBe('failed');
    expect(failures(drill ?? never()).map(({name}) => name)).toEqual([
      'RTO within its objective',
      'RPO within its objective',
    ]);
  });

  test('picks as it is told', async () => {
    await machine.backup();
    await machine.backup();
    await machine.backup({full: true});
    const kinds = async (snapshot: string): Promise<string[]> =>
      (await room.pick('files', snapshot)).flatMap((picked) =>
        picked.map(({seal}) => `${seal.kind} ${seal.sequence}`),
      );
    expect(await kinds('latest')).toEqual(['full 3']);
    expect(await kinds('oldest')).toEqual(['full 1']);
    expect(await kinds('full')).toEqual(['full 3']);
    expect(await kinds('incremental')).toEqual(['incremental 2']);
    expect(await kinds('both')).toEqual(['full 1', 'incremental 2']);
    expect(await kinds('random')).toEqual(['incremental 2']);
    await expect(room.pick('nothing', 'latest')).rejects.toThrow('no snapshot of a source "nothing"');
  });

  test('of several sources takes snapshots of the nearest time, and checks see all of them', async () => {
    await machine.backup({}, {name: 'first'});
    await machine.backup({}, {name: 'second'});
    const command = {
      shell: 'test -f "$HOLDFAST_DRILL_FIRST_FOLDER/file1" && test -f "$HOLDFAST_DRILL_SECOND_FOLDER/file2"',
    };
    const [drill] = await room.run(['first', 'second'], {checks: [check({kind: 'command', command})]});
    expect(failures(drill ?? never())).toEqual([]);
    expect(drill?.report.subjects.map(({source}) => source)).toEqual(['first', 'second']);
  });
});

describe('the comparison with what was recorded', () => {
  const sabotage: [string, (folder: string) => void, RegExp][] = [
    ['one file is missing', (folder) => rmSync(join(folder, 'file3')), /file3: it is missing/],
    ['one byte differs', (folder) => flip(join(folder, 'file4')), /file4: its content is another/],
    [
      'one file is shorter',
      (folder) => truncateSync(join(folder, 'file5'), 5),
      /file5: it has 5 bytes instead of/,
    ],
    ['a mode differs', (folder) => chmodSync(join(folder, 'conf'), 0o700), /conf: its mode is 700/],
    [
      'something is there that was not',
      (folder) => writeFileSync(join(folder, 'conf', 'new'), ''),
      /conf\/new: it is there/,
    ],
    [
      'a link points elsewhere',
      (folder) => {
        rmSync(join(folder, 'link'));
        symlinkSync('file2', join(folder, 'link'));
      },
      /link: it points to somewhere else/,
    ],
    [
      'a hole holds data',
      (folder) => flip(join(folder, 'sparse'), 9_000_000),
      /sparse: its content is another/,
    ],
  ];
  test.each(sabotage)('finds that %s', async (_what, spoil, expected) => {
    await machine.backup();
    const folder = join(machine.folder, 'restored');
    await machine.restore('latest', folder);
    expect(await differences(folder)).toEqual([]);
    spoil(folder);
    expect((await differences(folder)).join('\n')).toMatch(expected);
  });

  test('of a part looks at nothing else', async () => {
    await machine.backup();
    const folder = join(machine.folder, 'restored');
    const include = compileExcludes(['conf/']);
    await machine.restore('latest', folder, {include});
    expect(await differences(folder, {include})).toEqual([]);
    rmSync(join(folder, 'conf'), {recursive: true});
    expect(await differences(folder, {include})).toEqual([
      'conf: it is missing',
      'conf/app.conf: it is missing',
    ]);
  });
});

async function differences(
  folder: string,
  selection: Parameters<typeof restoreToFolder>[4] | object = {},
): Promise<string[]> {
  const {history, agents, repository} = await machine.elsewhere();
  const [source] = history.sources;
  const seal = source?.seals.at(-1);
  if (source === undefined || seal === undefined) throw new Error('no snapshot');
  const opened = await openSealedGeneration(repository, agents, source, seal, machine.privateKey);
  await using _threads = opened.reader;
  const {root} = await readSealedSnapshot(repository, agents, seal, opened.reader);
  const compared = await compareFolder(folder, root, opened, {
    selection,
    entries: seal.entries.total,
    owners: process.geteuid?.() === 0,
    attributes: true,
  });
  // Times of folders change with what is done to their content.
  return compared.differences.kept
    .map(({path, problem}) => `${path}: ${problem}`)
    .filter((line) => !line.includes('time of change'));
}

function flip(path: string, at = 10): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function never(): never {
  throw new Error('there was no drill');
}
