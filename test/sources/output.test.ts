/** What a program writes, read through a wide pipe. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {OutputPipe} from '../../src/sources/stream/output.ts';
import {runProgram} from '../../src/sources/stream/program.ts';
import {collect} from '../support/collect.ts';

const node = (script: string) => ({label: 'a program', file: process.execPath, args: ['-e', script]});

test('pieces of any size arrive in order, whole', async () => {
  const script = `
    const {writeSync} = require('node:fs');
    for (let n = 0; n < 3000; n++) writeSync(1, Buffer.alloc(1 + (n * 37) % 4096, n % 251));
    writeSync(1, Buffer.alloc(3_000_000, 'end'));`;
  const expected = Array.from({length: 3000}, (_, n) => Buffer.alloc(1 + ((n * 37) % 4096), n % 251));
  const whole = Buffer.concat([...expected, Buffer.alloc(3_000_000, 'end')]);
  expect(Buffer.concat(await collect(runProgram(node(script)))).equals(whole)).toBe(true);
});

test('a program that says nothing has said nothing', async () => {
  expect(await collect(runProgram(node('')))).toEqual([]);
});

test('a program writes a megabyte before anybody reads', async () => {
  const pipe = OutputPipe.make();
  if (pipe === undefined) throw new Error('This system gives no wide pipes.');
  const script = 'require("node:fs").writeSync(1, Buffer.alloc(1_000_000, 7))';
  const child = spawn(process.execPath, ['-e', script], {stdio: ['ignore', pipe.write, 'inherit']});
  pipe.started();
  expect(await once(child, 'exit')).toEqual([0, null]);
  const bytes = Buffer.concat(await collect(pipe));
  expect(bytes.equals(Buffer.alloc(1_000_000, 7))).toBe(true);
  await pipe.over;
});

test('who stops reading ends the program, and what it started', async () => {
  const script = `
    const child = require('node:child_process').spawn('sleep', ['1000'], {stdio: 'inherit'});
    require('node:fs').writeSync(1, String(child.pid));
    setInterval(() => {}, 1000);`;
  let pid = 0;
  for await (const piece of runProgram(node(script))) {
    pid = Number(piece.toString());
    break;
  }
  expect(pid).toBeGreaterThan(0);
  // It takes a moment to be gone; and whoever inherits it may never ask after it.
  const isGone = () =>
    !existsSync(`/proc/${pid}/stat`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  await expect.poll(isGone, {timeout: 10_000}).toBe(true);
});
