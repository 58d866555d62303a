/** The codes of errors in the sources and those in docs/errors.md are the same, with the same exit codes. */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {EXIT} from '../src/errors.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');

/** `readonly code = 'X'` of a class, its exit code where it has one of its own, and `code: 'X', exitCode: …` of a report. */
const CLASS = /readonly code(?:: string)? = '([A-Z_]+)';(?:\n {2}readonly exitCode.* = EXIT\.(\w+);)?/g;
const REPORT = /\bcode: '([A-Z_]+)',\s*exitCode: EXIT\.(\w+)/g;

function codesInSources(): Map<string, Set<number>> {
  const codes = new Map<string, Set<number>>();
  for (const name of readdirSync(join(root, 'src'), {recursive: true, encoding: 'utf8'})) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(root, 'src', name), 'utf8');
    for (const [, code = '', exit] of [...text.matchAll(CLASS), ...text.matchAll(REPORT)]) {
      const exits = codes.get(code) ?? new Set<number>();
      if (exit !== undefined) exits.add(EXIT[exit as keyof typeof EXIT]);
      codes.set(code, exits);
    }
  }
  return codes;
}

/** Rows such as ``| `CODE` | 4 | … |``. */
function codesInDocumentation(): Map<string, number[]> {
  return new Map(
    [...page.matchAll(/^\| `([A-Z_]+)` \| ([\d, ]+) \|/gm)].map(([, code = '', exits = '']) => [
      code,
      exits.split(',').map(Number),
    ]),
  );
}

test('each code in the sources is documented, and no other', () => {
  const inSources = [...codesInSources().keys()].sort();
  expect(inSources.length).toBeGreaterThan(15);
  expect(inSources).toEqual(
    expect.arrayContaining(['INTERRUPTED', 'SYSTEM', 'TARGET', 'UNEXPECTED', 'USAGE']),
  );
  expect([...codesInDocumentation().keys()].sort()).toEqual(inSources);
});

test('with the exit code that it has', () => {
  const documented = codesInDocumentation();
  for (const [code, exits] of codesInSources())
    for (const exit of exits) expect(documented.get(code), code).toContain(exit);
});

test('each exit code is documented once', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, exit]) => Number(exit));
  expect(rows).toEqual([...Object.values(EXIT)]);
});
