/** Verification by the checksums that a store keeps, without a download; and what it cannot find. */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {sha256} from '../../src/repository/layout.ts';
import {FileTarget} from '../../src/targets/file.ts';
import type {StoredSums} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {recording} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {noise} from '../support/trees.ts';

/** As S3 does: made when the object is stored, and told ever after. Of what `without` matches it keeps none. */
class SummingTarget extends FileTarget {
  readonly #sums = new Map<string, string>();
  readonly #without: RegExp;

  constructor(root: string, without = /^$/) {
    super(root);
    this.#without = without;
  }

  override async put(...[name, body, options]: Parameters<FileTarget['put']>): Promise<void> {
    await super.put(name, body, options);
    if (!this.#without.test(name)) this.#sums.set(name, sha256(body));
  }

  async storedSums(name: string): Promise<StoredSums> {
    return {sha256: this.#sums.get(name), md5: undefined};
  }
}

async function backedUp(without?: RegExp): Promise<Machine> {
  const machine = await Machine.create();
  machine.target = new SummingTarget(machine.repositoryFolder, without);
  machine.repository = {...machine.repository, target: machine.target};
  writeFileSync(join(machine.source, 'file'), noise(200_000, 'file'));
  await machine.backup({}, {}, {packBytes: 50_000});
  return machine;
}

const BELIEVING = {level: 'ciphertext', storeChecksums: true} as const;

test('nothing of what the store keeps the right sum of is read, and it is told apart from what is', async () => {
  await using machine = await backedUp();
  const {target, calls} = recording(machine.target);
  const sums = (machine.target as SummingTarget).storedSums.bind(machine.target);
  machine.target = Object.assign(target, {storedSums: sums});
  const found = await machine.verify(BELIEVING);
  expect(found).toMatchObject({ok: true, packs: 0, bytes: 0, problems: []});
  expect(found.byStore.objects).toBeGreaterThan(4);
  expect(found.byStore.bytes).toBeGreaterThan(200_000);
  expect(calls.filter(({operation, name}) => operation === 'get' && name.includes('.pgp'))).toEqual([]);
  const plain = await machine.verify({level: 'ciphertext'});
  expect(plain).toMatchObject({ok: true, byStore: {objects: 0, bytes: 0}, bytes: found.byStore.bytes});
});

test('what it keeps no sum of is read, or a sample of that', async () => {
  await using machine = await backedUp(/packs/);
  const packs = (await collect(machine.target.list(''))).filter(({name}) => name.includes('/packs/'));
  expect(await machine.verify(BELIEVING)).toMatchObject({ok: true, packs: packs.length});
  expect((await machine.verify({...BELIEVING, sample: 0.000_001})).packs).toBe(0);
});

test('what is missing, and a sum that is not the right one, are found; a store that lies only by reading', async () => {
  await using machine = await backedUp();
  const [pack = {name: ''}] = (await collect(machine.target.list(''))).filter(({name}) =>
    name.includes('/packs/'),
  );
  const file = join(machine.repositoryFolder, pack.name);
  const bytes = readFileSync(file);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  expect(await machine.verify(BELIEVING)).toMatchObject({ok: true});
  const wrong = {ok: false, problems: [{object: pack.name, problem: 'its content does not match its name'}]};
  expect(await machine.verify({level: 'ciphertext'})).toMatchObject(wrong);
  // A store that stored wrong bytes says so by itself.
  await machine.target.remove(pack.name);
  await machine.target.put(pack.name, bytes);
  expect(await machine.verify(BELIEVING)).toMatchObject(wrong);
  await machine.target.remove(pack.name);
  expect(await machine.verify(BELIEVING)).toMatchObject({
    problems: [{object: pack.name, problem: 'it is missing'}],
  });
});
