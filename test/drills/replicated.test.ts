/** Drill reports go with a copy of the repository, and prove there what they prove here. */
import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {replicate} from '../../src/operations/replicate.ts';
import {provenSnapshots, readDrills} from '../../src/repository/drill-history.ts';
import {drillObject} from '../../src/repository/layout.ts';
import {trustedOperators} from '../../src/repository/operators.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {backupOneFile, useDrillRoom} from './room.ts';

const place = useDrillRoom(backupOneFile);

async function copyTo(to: FileTarget) {
  const {repository, agents, trust, history} = await place.machine.elsewhere();
  return await replicate({repository, agents, trust, concurrency: 2}, history, to);
}

test('a copy has the reports and who signed them; later runs copy what is new; a forged one stays behind', async () => {
  const {machine, room} = place;
  await room.run('files');
  const folder = join(machine.folder, 'copy');
  const to = new FileTarget(folder);
  expect(await copyTo(to)).toMatchObject({problems: []});

  const copy = {...machine.repository, target: to};
  const trust = new TrustFile(join(machine.folder, 'fresh', 'seen.json'), copy.id);
  const {keys, metFirst} = await trustedOperators(copy, trust);
  expect(metFirst).toMatch(/^[0-9a-f]{40}$/);
  const {reports, problems} = await readDrills(copy, keys);
  expect(problems).toEqual([]);
  const [source] = (await machine.elsewhere()).history.sources;
  expect(source && provenSnapshots(source, reports).size).toBe(1);

  expect(await copyTo(to)).toMatchObject({objects: 0, problems: []});
  await room.run('files');
  expect(await copyTo(to)).toMatchObject({objects: 1, problems: []});

  const forged = drillObject('20261120T023000Z-0123abcd');
  mkdirSync(join(machine.repositoryFolder, 'drills'), {recursive: true});
  writeFileSync(join(machine.repositoryFolder, forged), 'a report');
  expect(await copyTo(to)).toMatchObject({objects: 0, problems: [{object: forged}]});
  expect(readdirSync(join(folder, 'drills'))).toHaveLength(3); // Two reports, and the folder of keys.
});
