import {expect} from 'vitest';
import type {Machine} from './machine.ts';
import {describeTree, editNastyTree, makeNastyTree} from './trees.ts';

/** Every name, kind and attribute, in a full snapshot and in an incremental one after edits: they come back, elsewhere, as they were. */
export async function expectRoundTrip(machine: Machine): Promise<void> {
  makeNastyTree(machine.source);
  const first = describeTree(machine.source);
  const full = await machine.backup();
  expect(full).toMatchObject({kind: 'full', warnings: []});
  editNastyTree(machine.source);
  const second = describeTree(machine.source);
  expect(second).not.toEqual(first);
  const incremental = await machine.backup();
  const {id: parent, generation} = full;
  expect(incremental).toMatchObject({kind: 'incremental', parent, generation, warnings: []});
  expect(describeTree(await machine.restored(full.id))).toEqual(first);
  expect(describeTree(await machine.restored(incremental.id))).toEqual(second);
  expect(await machine.verify()).toMatchObject({ok: true, problems: [], snapshots: 2, unfinished: 0});
}
