/** What a seal needs in all: the seals it builds on are followed, 32 at most, and fast (TESTING.md D21). */
import {expect, test} from 'vitest';
import {resolveNeeds, type SourceHistory} from '../../src/repository/history.ts';
import {sha256} from '../../src/repository/layout.ts';
import {Marks} from '../../src/repository/marks.ts';
import type {CheckedSeal} from '../../src/repository/seal.ts';

/** A history whose seals list everything every `every` seals; each adds a pack and an index object. */
function historyOf(count: number, every: number): SourceHistory {
  const seals = Array.from({length: count}, (_, at) => ({
    hash: sha256(`seal ${at}`),
    sequence: at + 1,
    generation: 'g',
    needs: {
      base: at % every === 0 ? null : sha256(`seal ${at - 1}`),
      packs: [[`pack ${at}`, at]],
      index: [[`index ${at}`, at]],
      dropped: at % every === 2 ? [`pack ${at - 1}`] : [],
    },
  })) as unknown as CheckedSeal[];
  return {
    source: 's',
    seals,
    removed: [],
    marks: new Marks(),
    generations: ['g'],
    sealNames: new Map(),
    problems: [],
    endProblems: [],
  };
}

test('packs and index objects of the whole line, less what was dropped', () => {
  const history = historyOf(64, 32);
  const needs = resolveNeeds(history, history.seals[34] as CheckedSeal);
  expect([...(needs?.packs ?? [])]).toEqual([
    ['pack 32', 32],
    ['pack 34', 34],
  ]);
  expect([...(needs?.index.keys() ?? [])]).toEqual(['index 32', 'index 33', 'index 34']);
});

test('a line of 32 seals is followed; a longer one is no honest one', () => {
  const honest = historyOf(32, 32);
  expect(resolveNeeds(honest, honest.seals[31] as CheckedSeal)?.index.size).toBe(32);
  const long = historyOf(33, 100);
  expect(resolveNeeds(long, long.seals[31] as CheckedSeal)?.index.size).toBe(32);
  expect(resolveNeeds(long, long.seals[32] as CheckedSeal)).toBeUndefined();
});

test.each([
  ['itself', {base: sha256('seal 1')}],
  ['a later one', {base: sha256('seal 2')}],
  ['one that is not there', {base: sha256('nothing')}],
])('a seal that builds on %s needs nothing that can be told', (_what, change) => {
  const history = historyOf(3, 32);
  const seal = history.seals[1] as CheckedSeal;
  Object.assign(seal, {needs: {...seal.needs, ...change}});
  expect(resolveNeeds(history, seal)).toBeUndefined();
});

test('nor one that builds on a seal of another generation', () => {
  const history = historyOf(3, 32);
  Object.assign(history.seals[0] as CheckedSeal, {generation: 'other'});
  expect(resolveNeeds(history, history.seals[2] as CheckedSeal)).toBeUndefined();
});

test('20,000 seals take no quadratic time', () => {
  const history = historyOf(20_000, 32);
  const start = performance.now();
  for (const seal of history.seals) expect(resolveNeeds(history, seal)).toBeDefined();
  expect(performance.now() - start).toBeLessThan(5000);
});
