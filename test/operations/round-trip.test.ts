import {join} from 'node:path';
import {expect, test} from 'vitest';
import {Machine} from '../support/machine.ts';
import {describeTree, editNastyTree, makeNastyTree} from '../support/trees.ts';

// F6-F10, F14: every name, kind and attribute, in a full snapshot and in an incremental one after edits.
test('a nasty tree comes back identical, twice, on a machine without catalog or config', async () => {
  await using machine = await Machine.create();
  makeNastyTree(machine.source);
  const first = describeTree(machine.source);
  const full = await machine.backup();
  expect(full).toMatchObject({kind: 'full', warnings: []});
  editNastyTree(machine.source);
  const second = describeTree(machine.source);
  expect(second).not.toEqual(first);
  const incremental = await machine.backup();
  expect(incremental).toMatchObject({
    kind: 'incremental',
    parent: full.id,
    generation: full.generation,
    warnings: [],
  });

  for (const [id, expected] of [
    [full.id, first],
    [incremental.id, second],
  ] as const) {
    const to = join(machine.folder, `restored-${id}`);
    expect(await machine.restore(String(id), to)).toMatchObject({warnings: [], damaged: []});
    expect(describeTree(to)).toEqual(expected);
  }
  expect(await machine.verify()).toMatchObject({ok: true, problems: [], snapshots: 2, unfinished: 0});
});
