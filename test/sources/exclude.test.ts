import {execFileSync, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {ConfigError} from '../../src/errors.ts';
import {compileExcludes} from '../../src/sources/folder/exclude.ts';

describe('compileExcludes', () => {
  test.each([
    ['*.tmp', 'a/b.tmp', false, true],
    ['*.tmp', 'a/b.TMP', false, false],
    ['cache/', 'x/cache', true, true],
    ['cache/', 'x/cache', false, false],
    ['cache/', 'x/cache/y/z', false, true],
    ['/cache', 'cache', true, true],
    ['/cache', 'x/cache', true, false],
    ['a/b', 'x/a/b', false, false],
    ['**/a/b', 'x/a/b', false, true],
    ['a/**/b', 'a/b', false, true],
    ['\\#x', '#x', false, true],
    ['\\!x', '!x', false, true],
    ['[[:digit:]]', '7', false, true],
    ['[]]', ']', false, true],
    ['*', 'a\nb', false, true],
    ['ü', 'ü', false, true],
    ['?', 'ü', false, false], // Two bytes, as git sees it.
  ])('%j against %j (directory: %s) is %s', (pattern, path, isDirectory, excluded) => {
    expect(compileExcludes([pattern])(path, isDirectory)).toBe(excluded);
    expect(compileExcludes([pattern])(Buffer.from(path), isDirectory)).toBe(excluded);
  });

  test('a later pattern takes back an earlier one, but not below an excluded directory', () => {
    const excludes = compileExcludes(['*.log', 'old/', '!keep.log']);
    expect(excludes('a/b.log', false)).toBe(true);
    expect(excludes('a/keep.log', false)).toBe(false);
    expect(excludes('old/keep.log', false)).toBe(true);
  });

  // F9: names that are not UTF-8 are bytes, and stay apart.
  test('names that are not UTF-8 are told apart', () => {
    const excludes = compileExcludes(['a?', '!a\ufffd']);
    expect(excludes(Buffer.from([0x61, 0xff]), false)).toBe(true);
    expect(excludes(Buffer.from([0x61, 0xfe]), false)).toBe(true);
    expect(compileExcludes(['\u00ff'])(Buffer.from([0xff]), false)).toBe(false);
  });

  test('no path makes it throw', () => {
    const excludes = compileExcludes(['x', '/y/*', '!z/']);
    for (const path of ['', '.', '..', './x', '../x', '/x', '/', 'a//b', 'a/', '__proto__', 'C:\\x', '\0']) {
      expect(() => excludes(path, true)).not.toThrow();
      expect(() => excludes(Buffer.from(path), false)).not.toThrow();
    }
  });

  // F15
  test.each([
    '',
    '   ',
    '!',
    '/',
    '!/',
    '#note',
    'a\nb',
    'a\0',
    'x\\',
    'x\\/',
    '[abc',
    'a[!',
    '[[:digit:]',
    './cache',
    '../up',
    'a/../b',
    '.',
    '..',
  ])('the pattern %j is refused by name', (pattern) => {
    expect(() => compileExcludes(['ok', pattern])).toThrow(ConfigError);
    expect(() => compileExcludes(['ok', pattern])).toThrow(JSON.stringify(pattern).slice(1, 2));
  });
  test.each(['x\\\\', '\\[abc', '[a]', '[]a]', '[!]]', '.git', '..x', 'a/.x', 'a b', '\\ '])(
    'the pattern %j is fine',
    (pattern) => {
      expect(() => compileExcludes([pattern])).not.toThrow();
    },
  );

  test('200,000 paths are not remembered', () => {
    const excludes = compileExcludes(['*.tmp', 'node_modules/', '!x']);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 200_000; i++) excludes(`some/folder/of/files/with/a/long/name/${i}`, false);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60e6);
  });
});

const names = ['a', 'b', 'ab', 'a.b', '.a', 'A', '[a]', 'a b', '#a', '!b', 'é', 'a*', 'b\\'];

describe('against git check-ignore', () => {
  let repository: string;
  const paths: {path: string; isDirectory: boolean}[] = [];

  beforeAll(() => {
    repository = mkdtempSync(join(tmpdir(), 'holdfast-git-'));
    execFileSync('git', ['init', '-q', repository]);
    const fill = (folder: string, depth: number): void => {
      for (const [index, name] of names.entries()) {
        const path = folder === '' ? name : `${folder}/${name}`;
        const isDirectory = depth < 2 && index % 3 === depth;
        paths.push({path, isDirectory});
        if (isDirectory) {
          mkdirSync(join(repository, path));
          fill(path, depth + 1);
        } else writeFileSync(join(repository, path), '');
      }
    };
    fill('', 0);
  });
  afterAll(() => rmSync(repository, {recursive: true, force: true}));

  function gitExcludes(patterns: readonly string[]): Set<string> {
    writeFileSync(join(repository, '.git/info/exclude'), patterns.map((pattern) => `${pattern}\n`).join(''));
    const {stdout, status, stderr} = spawnSync(
      'git',
      [
        '-C',
        repository,
        '-c',
        'core.ignoreCase=false',
        '-c',
        'core.excludesFile=',
        'check-ignore',
        '--no-index',
        '-z',
        '--stdin',
      ],
      {input: paths.map(({path}) => path).join('\0')},
    );
    expect([0, 1], stderr.toString()).toContain(status);
    return new Set(stdout.toString().split('\0').filter(Boolean));
  }

  test('random patterns mean the same', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      'A',
      '.',
      '*',
      '**',
      '?',
      '[ab]',
      '[!a]',
      '[a-z]',
      '\\*',
      '\\[',
      'é',
      ' ',
      '#',
      '!',
      '[[:upper:]]',
    );
    // Not `a**`: by gitignore(5) that is `a*`, but git cuts off the literal start first and then sees a leading `**`.
    const component = fc
      .array(piece, {minLength: 1, maxLength: 3})
      .map((pieces) => pieces.join(''))
      .filter((text) => text === '**' || !text.includes('**'));
    const pattern = fc
      .tuple(
        fc.constantFrom('', '', '', '!'),
        fc.constantFrom('', '', '/', '**/'),
        fc.array(component, {minLength: 1, maxLength: 3}),
        fc.constantFrom('', '', '/', '/**'),
      )
      .map(([negation, start, components, end]) => `${negation}${start}${components.join('/')}${end}`)
      .filter((text) => {
        try {
          compileExcludes([text]);
          return true;
        } catch {
          return false;
        }
      });
    fc.assert(
      fc.property(fc.array(pattern, {minLength: 1, maxLength: 4}), (patterns) => {
        const excludes = compileExcludes(patterns);
        const ours = paths.filter(({path, isDirectory}) => excludes(path, isDirectory)).map(({path}) => path);
        expect(ours.sort()).toEqual([...gitExcludes(patterns)].sort());
      }),
      {numRuns: 200},
    );
  });
});
