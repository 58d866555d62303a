/** Pins go with a copy of the repository. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {openOperator} from '../../src/operations/drill/operator.ts';
import {setPin} from '../../src/operations/pin.ts';
import {replicate} from '../../src/operations/replicate.ts';
import {pinObject} from '../../src/repository/layout.ts';
import {isPinned, readPins} from '../../src/repository/pins.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {Machine} from '../support/machine.ts';

test('a pin holds in the copy, too; what nobody signed stays behind', async () => {
  await using machine = await Machine.create();
  writeFileSync(join(machine.source, 'file'), 'content');
  await machine.backup();
  const {repository, trust} = machine;
  const operator = () => openOperator(join(machine.folder, 'operator.asc'), new Date());
  const [source] = (await machine.history()).sources;
  const [seal] = source?.seals ?? [];
  if (source === undefined || seal === undefined) throw new Error('no seal');
  await setPin({repository, trust, operator, now: () => new Date()}, source, seal, true);
  const forged = pinObject('files', '20261120T023000Z-0123abcd');
  mkdirSync(join(machine.repositoryFolder, 'files/pins'), {recursive: true});
  writeFileSync(join(machine.repositoryFolder, forged), 'a pin');

  const to = new FileTarget(join(machine.folder, 'copy'));
  const {agents} = await machine.elsewhere();
  const done = await replicate({repository, agents, trust, concurrency: 2}, await machine.history(), to);
  expect(done.problems.map(({object}) => object)).toEqual([forged]);
  const fresh = new TrustFile(join(machine.folder, 'fresh', 'seen.json'), repository.id);
  const pins = await readPins({...repository, target: to}, 'files', fresh);
  expect(pins.problems).toEqual([]);
  expect(isPinned(pins, seal.hash)).toBe(true);
});
