/** Drill reports: who signed them, what they prove, and what is refused (TESTING.md D1, D4, D14, J8; issue 6, must hold 3). */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import * as openpgp from 'openpgp';
import {expect, test} from 'vitest';
import {generateOperatorKey} from '../../src/crypto/keygen.ts';
import {armor, unarmor} from '../../src/crypto/message.ts';
import {lastProof, provenSnapshots, readDrills} from '../../src/repository/drill-history.ts';
import {makeReport, parseReport} from '../../src/repository/drill-report.ts';
import {drillObject} from '../../src/repository/layout.ts';
import {enrolOperator, trustedOperators} from '../../src/repository/operators.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import {openPgpProgram, whyWithout} from '../support/openpgp-programs.ts';
import {backupOneFile, useDrillRoom} from './room.ts';

const place = useDrillRoom(backupOneFile);

const objectOf = (id: string): string => join(place.machine.repositoryFolder, drillObject(id));

async function source() {
  const [history] = (await place.machine.elsewhere()).history.sources;
  if (history === undefined) throw new Error('no history');
  return history;
}

const without = whyWithout('gpg', 'rsop', 'sqop');

test.skipIf(without !== undefined)(
  'gpg and other programs verify a report, and what they show is the report',
  async () => {
    const [drill] = await place.room.run('files');
    const id = drill?.report.id ?? '';
    const key = join(place.machine.repositoryFolder, 'drills', 'operators', `${drill?.report.operator}.asc`);
    const home = join(place.machine.folder, 'gnupg');
    mkdirSync(home, {mode: 0o700});
    const gpg = (...args: string[]): string =>
      execFileSync(openPgpProgram('gpg'), ['--homedir', home, '--batch', '--quiet', ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    gpg('--import', key);
    gpg('--verify', objectOf(id));
    expect(parseReport(gpg('--decrypt', objectOf(id)))).toEqual(drill?.report);
    for (const name of ['rsop', 'sqop'] as const) {
      const input = readFileSync(objectOf(id));
      const shown = execFileSync(openPgpProgram(name), ['inline-verify', key], {input, encoding: 'utf8'});
      expect(parseReport(shown), name).toEqual(drill?.report);
    }
  },
);

test('a passed drill of the whole is a proof of just that snapshot, and of no other', async () => {
  await place.machine.backup();
  const [first] = await place.room.run('files', {snapshot: 'oldest'});
  await place.room.run('files', {sample: 0.5, matters: ['file']});
  await place.room.run('files', {rtoMs: 1});
  const {reports, problems} = await place.room.drills();
  expect(problems).toEqual([]);
  expect(reports.map(({result, scope}) => `${result} ${scope}`)).toEqual([
    'passed whole',
    'passed sample',
    'failed whole',
  ]);
  const history = await source();
  expect([...provenSnapshots(history, reports).keys()]).toEqual([history.seals[0]?.snapshot.id]);
  expect(lastProof(history, reports)?.report.id).toBe(first?.report.id);
  // Another snapshot with the same id would have another seal.
  const others = {...history, seals: history.seals.map((seal) => ({...seal, hash: '0'.repeat(64)}))};
  expect(lastProof(others, reports)).toBeUndefined();
});

test('a tampered, moved, renamed or foreign report is a problem, and no proof', async () => {
  const [drill] = await place.room.run('files', {rtoMs: 1});
  const id = drill?.report.id ?? '';
  const bytes = readFileSync(objectOf(id));
  const tampered = await tamper(bytes.toString('latin1'));
  const problemOf = async (): Promise<string | undefined> => (await place.room.drills()).problems[0]?.problem;

  rmSync(objectOf(id));
  writeFileSync(objectOf(id), tampered);
  expect(await problemOf()).toMatch(/signature does not verify/);
  expect((await place.room.drills()).reports).toEqual([]);

  rmSync(objectOf(id));
  writeFileSync(objectOf('20300101T000000Z-00000000'), bytes);
  expect(await problemOf()).toBe(`it is the report of drill ${id}`);
  rmSync(objectOf('20300101T000000Z-00000000'));

  const foreign = {...(drill?.report ?? never()), repository: '0'.repeat(32)};
  writeFileSync(objectOf(id), await makeReport(foreign, await place.room.operator(), new Date()));
  expect(await problemOf()).toBe('it belongs to another repository');
  rmSync(objectOf(id));

  writeFileSync(objectOf(id), bytes.subarray(0, -40));
  expect(await problemOf()).toMatch(/not one armored message/);
});

test('an operator whom nobody approved proves nothing; the first and only one is taken on trust', async () => {
  const [drill] = await place.room.run('files');
  const {repository} = await place.machine.elsewhere();
  const met = new TrustFile(join(place.machine.folder, 'vm', 'seen.json'), repository.id);
  const own = drill?.report.operator;
  expect(await trustedOperators(repository, met)).toMatchObject({metFirst: own, strangers: []});

  const stranger = await generateOperatorKey(new Date());
  await enrolOperator(repository, stranger.toPublic());
  const fake = {
    ...(drill?.report ?? never()),
    operator: stranger.getFingerprint(),
    id: '20300101T000000Z-00000000',
  };
  for (const id of [fake.id, '20300101T000000Z-00000002'])
    await repository.target.put(drillObject(id), await makeReport({...fake, id}, stranger, new Date()));

  const again = new TrustFile(join(place.machine.folder, 'vm', 'seen.json'), repository.id);
  const {keys, strangers, metFirst} = await trustedOperators(repository, again);
  expect({strangers, metFirst}).toEqual({strangers: [stranger.getFingerprint()], metFirst: undefined});
  const {reports, problems} = await readDrills(repository, keys);
  expect(reports.map(({id}) => id)).toEqual([drill?.report.id]);
  expect(problems).toMatchObject([
    {object: drillObject(fake.id), problem: expect.stringMatching(/not approved here; 2 reports in all$/)},
  ]);

  // Who meets both at once believes neither, until somebody says whom.
  const late = new TrustFile(join(place.machine.folder, 'late', 'seen.json'), repository.id);
  expect((await trustedOperators(repository, late)).keys).toEqual([]);
  expect((await trustedOperators(repository, late, {approved: [], pinned: [String(own)]})).keys).toHaveLength(
    1,
  );
  // It says that it is ours, with the stranger's signature.
  const posing = {...fake, operator: String(own), id: '20300101T000000Z-00000001'};
  await repository.target.put(drillObject(posing.id), await makeReport(posing, stranger, new Date()));
  const both = await trustedOperators(repository, late, {approved: [stranger.getFingerprint(), String(own)]});
  const seen = await readDrills(repository, both.keys);
  expect(seen.problems).toMatchObject([{problem: 'it is signed by another operator than it says'}]);
});

test('the key that signs is private, and made once', async () => {
  await place.room.run('files');
  await place.room.run('files');
  const path = join(place.room.records, '..', 'operator.asc');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(place.machine.repositoryFolder, 'drills', 'operators'))).toHaveLength(1);
});

/** Changes "failed" into "passed" in what is signed; both have six letters. */
async function tamper(text: string): Promise<string> {
  const bytes = Buffer.from(await unarmor(text));
  const at = bytes.indexOf('"result":"failed"');
  expect(at).toBeGreaterThan(0);
  bytes.write('"result":"passed"', at);
  expect((await openpgp.readMessage({binaryMessage: bytes})).getLiteralData()).not.toBeNull();
  return armor(bytes, true);
}

function never(): never {
  throw new Error('there was no drill');
}
