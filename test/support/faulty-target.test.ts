import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {FileTarget} from '../../src/targets/file.ts';
import {collect} from './collect.ts';
import {appending, CutOffError, cutOff, faulty, recording, truncating, wrongBytes} from './faulty-target.ts';

const scratch = await mkdtemp(join(tmpdir(), 'holdfast-faulty-'));
let scratches = 0;
afterAll(() => rm(scratch, {recursive: true, force: true}));

async function newTarget(): Promise<FileTarget> {
  const target = new FileTarget(join(scratch, String(scratches++)));
  await target.create();
  return target;
}

const bytes = (text: string) => Buffer.from(text);
const read = async (
  target: FileTarget | ReturnType<typeof faulty>,
  name: string,
  range?: {offset: number; length: number},
) => Buffer.concat(await collect(target.get(name, range))).toString();
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: unknown) => (error as Error).name,
  );

test('faults come once, for ever, or after doing it', async () => {
  const inner = await newTarget();
  const target = faulty(inner, [
    {operation: 'put', call: 2},
    {operation: 'put', call: 2, how: 'afterDoing', matching: /^late/, error: () => new RangeError('lost')},
    {operation: 'stat', call: 1, how: 'forever'},
  ]);
  expect(await outcome(target.put('late/1', bytes('1')))).toBe('ok');
  expect(await outcome(target.put('b', bytes('2')))).toBe('TargetError');
  expect(await inner.stat('b')).toBeUndefined();
  expect(await outcome(target.put('late/2', bytes('3')))).toBe('RangeError');
  expect(await read(inner, 'late/2')).toBe('3');
  expect(await outcome(target.put('late/3', bytes('4')))).toBe('ok');
  expect(await outcome(target.stat('late/1'))).toBe('TargetError');
  expect(await outcome(target.stat('late/1'))).toBe('TargetError');
});

test('cutOff lets a number of puts through, and then nothing', async () => {
  const inner = await newTarget();
  const target = cutOff(inner, 2);
  await target.put('a', bytes('a'));
  await target.replace('b', bytes('b'));
  expect(await read(target, 'a')).toBe('a');
  await expect(target.put('c', bytes('c'))).rejects.toThrow(CutOffError);
  await expect(read(target, 'a')).rejects.toThrow(CutOffError);
  await expect(target.remove('a')).rejects.toThrow(CutOffError);
  expect((await collect(inner.list(''))).map(({name}) => name).sort()).toEqual(['a', 'b']);
});

test('recording logs what was asked, and what was done', async () => {
  const {target, calls} = recording(await newTarget());
  await target.put('a/1', bytes('12345'));
  await target.put('a/1', bytes('1')).catch(() => {});
  await read(target, 'a/1');
  await collect(target.list('a/'));
  expect(calls).toEqual([
    {operation: 'put', name: 'a/1', sizeBytes: 5, done: true},
    {operation: 'put', name: 'a/1', sizeBytes: 1, done: false},
    {operation: 'get', name: 'a/1', sizeBytes: 5, done: true},
    {operation: 'list', name: 'a/', sizeBytes: 0, done: true},
  ]);
});

test('readers can be given fewer, more or other bytes', async () => {
  const inner = await newTarget();
  await inner.put('a', bytes('0123456789'));
  await inner.put('b', bytes('0123456789'));
  expect(await read(truncating(inner, /a/, 4), 'a')).toBe('0123');
  expect(await read(truncating(inner, /a/, 4), 'b')).toBe('0123456789');
  expect(await read(appending(inner, /a/, bytes('+')), 'a')).toBe('0123456789+');
  expect(await read(wrongBytes(inner, /a/, 5), 'a')).toBe('01234%6789');
  expect(await read(wrongBytes(inner, /a/, 5), 'a', {offset: 4, length: 3})).toBe('4%6');
  expect(await read(wrongBytes(inner, /a/, 5), 'a', {offset: 6, length: 3})).toBe('678');
  expect(await read(inner, 'a')).toBe('0123456789');
});
