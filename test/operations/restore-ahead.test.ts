/** A restore whose walk is ahead of its writing, over many packs: the same bytes, no more reads than needed, and second tries. */
import {createHash, randomBytes} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import type {Target} from '../../src/targets/target.ts';
import {type RecordedCall, recording} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';

const SMALL_FILES = 600;
let machine: Machine;
let calls: RecordedCall[] = [];
let once: {readonly target: Target} | undefined;

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function contents(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder, {recursive: true, encoding: 'utf8'}).sort()) {
    const path = join(folder, name);
    if (statSync(path).isFile()) found.set(name, digest(readFileSync(path)));
  }
  return found;
}

const packReads = (): RecordedCall[] =>
  calls.filter(({operation, name}) => operation === 'get' && /\/packs\//.test(name));
const sum = (found: readonly RecordedCall[]): number =>
  found.reduce((bytes, {sizeBytes}) => bytes + sizeBytes, 0);

beforeAll(async () => {
  machine = await Machine.create();
  const {source} = machine;
  // More than may be kept at once, of small files, large ones, one content in two files, and a name that is there twice.
  for (const folder of ['a', 'b', 'c']) mkdirSync(join(source, folder));
  for (let number = 0; number < SMALL_FILES; number++) {
    writeFileSync(
      join(source, ['a', 'b', 'c'][number % 3] as string, `small-${number}`),
      randomBytes(20_000 + number),
    );
  }
  for (const folder of ['a', 'b', 'c']) writeFileSync(join(source, folder, 'large'), randomBytes(11_000_000));
  writeFileSync(join(source, 'z'), readFileSync(join(source, 'a', 'large')));
  writeFileSync(join(source, 'zeros'), Buffer.alloc(30_000_000));
  await machine.backup({}, {}, {packBytes: 4 * 2 ** 20});
  const {target, calls: log} = recording(machine.target);
  calls = log;
  machine.target = target;
  once = {target};
}, 60_000);

afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

test('gives back every byte, and reads no part of a pack much more than once', async () => {
  const to = join(machine.folder, 'whole');
  const {damaged, warnings, files} = await machine.restore('latest', to);
  expect({damaged, warnings, files}).toEqual({damaged: [], warnings: [], files: SMALL_FILES + 5});
  expect(contents(to)).toEqual(contents(machine.source));
  const packs = new Map(
    packReads().map(({name}) => [name, statSync(join(machine.repositoryFolder, name)).size]),
  );
  const size = [...packs.values()].reduce((bytes, one) => bytes + one, 0);
  expect(packs.size).toBeGreaterThan(8);
  expect(sum(packReads())).toBeLessThan(1.4 * size);
});

test('reads little where the files are there already', async () => {
  const to = join(machine.folder, 'twice');
  await machine.restore('latest', to);
  const before = calls.length;
  rmSync(join(to, 'c', 'small-599'));
  const {entries} = await machine.restore('latest', to);
  expect(entries).toEqual({written: 1, present: SMALL_FILES + 5 + 3 - 1});
  expect(contents(to)).toEqual(contents(machine.source));
  const again = calls.slice(before).filter(({name}) => /\/packs\//.test(name));
  expect(sum(again.filter(({operation}) => operation === 'get'))).toBeLessThan(16_000_000);
});

test('bytes that come wrong once are fetched again', async () => {
  // B9
  if (once === undefined) throw new Error('no target');
  const {target} = once;
  const get = target.get.bind(target);
  let wrong = 0;
  target.get = async function* (name, range, options) {
    const isHit = /\/packs\//.test(name) && (range?.length ?? 0) > 100_000 && wrong++ === 0;
    for await (const piece of get(name, range, options)) {
      if (isHit) piece[50_000] = (piece[50_000] ?? 0) ^ 1;
      yield piece;
    }
  };
  const to = join(machine.folder, 'once');
  const {damaged} = await machine.restore('latest', to);
  expect(damaged).toEqual([]);
  expect(wrong).toBeGreaterThan(1);
  expect(contents(to)).toEqual(contents(machine.source));
});
