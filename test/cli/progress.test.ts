import {PassThrough} from 'node:stream';
import {expect, test} from 'vitest';
import {Output} from '../../src/cli/output.ts';
import {Progress, type ProgressMode} from '../../src/cli/progress.ts';
import {textWidth} from '../../src/cli/terminal.ts';

function start(mode: ProgressMode, columns = 100) {
  const stderr = Object.assign(new PassThrough({encoding: 'utf8'}), {isTTY: mode === 'line', columns});
  const output = new Output({
    stdout: new PassThrough() as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    redact: (text) => text,
  });
  const clock = {ms: 0};
  const progress = new Progress({mode, output, now: () => clock.ms});
  const at = (ms: number, done: number, total?: number, current?: Uint8Array | string) => {
    clock.ms = ms;
    progress.onProgress({phase: 'backup', files: {done: ms}, bytes: {done, total}, current});
    return String(stderr.read() ?? '');
  };
  return {at, output, progress, stderr};
}

test('a terminal gets one line that is rewritten at most ten times a second', () => {
  const {at, output, stderr} = start('line');
  expect(at(0, 0, 2 ** 21)).toBe('\r\u001b[2KBacking up: 0 B of 2 MiB (0%), 0 files');
  expect(at(99, 1)).toBe('');
  expect(at(1000, 2 ** 20, 2 ** 21, Buffer.from('dir/\u001b[31m\xff', 'latin1'))).toBe(
    '\r\u001b[2KBacking up: 1 MiB of 2 MiB (50%), 1000 files, 1 MiB/s, 1 s left  dir/\\x1b[31m\\xff',
  );
  output.warn('x could not be read');
  expect(String(stderr.read())).toMatch(/^.{4,}Warning:.* x could not be read\n$/s);
});

test('the line is never wider than the terminal', () => {
  const {at} = start('line', 40);
  at(0, 0, 1e9);
  const line = at(500, 5e8, 1e9, `${'日本/'.repeat(50)}x`).replaceAll('\r\u001b[2K', '');
  expect(textWidth(line)).toBeLessThanOrEqual(39);
});

test('elsewhere there is a line a minute', () => {
  const {at} = start('log');
  expect(at(1000, 1)).toBe('');
  expect(at(59_999, 1)).toBe('');
  expect(at(60_000, 2 ** 20)).toBe('Backing up: 1 MiB, 60000 files, 17.4 KiB/s.\n');
  expect(at(90_000, 2 ** 20)).toBe('');
});

test('JSON lines are valid whatever the name', () => {
  const {at} = start('json');
  at(0, 0);
  const line = at(2000, 4000, 8000, Buffer.from([0x61, 0xff, 0x0a, 0xe2, 0x80, 0xae]));
  expect(line.split('\n')).toHaveLength(2);
  expect(JSON.parse(line)).toEqual({
    phase: 'backup',
    files: {done: 2000},
    bytes: {done: 4000, total: 8000},
    bytesPerSecond: 2000,
    etaSeconds: 2,
    current: 'a\udcff\n\u202e',
  });
});

test('nothing is said when nothing should be', () => {
  const {at} = start('none');
  expect(at(0, 0) + at(120_000, 5)).toBe('');
});
