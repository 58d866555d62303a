/** What the documents name is there: tests, files, and the headings that links lead to. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect, test} from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/testing.md');

/** The catalogue that the project was built against: how many rows each letter has. */
const CATALOGUE = {A: 20, B: 27, C: 12, D: 26, E: 15, F: 18, G: 16, H: 8, I: 8, J: 9, K: 6};
/** Table rows such as `| A6, A7 | what | answer |`; a letter alone, as in `| B | … |`, means all of its rows. */
const rows = [...page.matchAll(/^\| ([^|]*\b[A-K]\d*\b[^|]*) \|.*\| (.*) \|$/gm)].map(
  ([, names = '', answer = '']) => ({
    names,
    answer,
  }),
);

describe('docs/testing.md', () => {
  test('has an answer for every row of the fault catalogue', () => {
    const answered = new Set(rows.flatMap(({names}) => names.match(/\b[A-K]\d*\b/g) ?? []));
    const missing = Object.entries(CATALOGUE).flatMap(([letter, most]) =>
      Array.from({length: most}, (_, index) => `${letter}${index + 1}`).filter(
        (name) => !answered.has(name) && !answered.has(letter),
      ),
    );
    expect(missing).toEqual([]);
    for (const {names, answer} of rows) expect(answer.trim(), names).not.toBe('');
  });

  test('names test files that exist', () => {
    const named = [...page.matchAll(/`((?:[\w-]+\/)*[\w-]+\.test\.ts)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(100);
    expect([...new Set(named)].filter((name) => !existsSync(join(root, 'test', name)))).toEqual([]);
  });

  test('names tests that exist: a quotation stands in the file before it', () => {
    const missing = rows.flatMap(({names, answer}) =>
      quotations(answer)
        .filter(({files, words}) => !files.some((file) => holds(read(join('test', file)), words)))
        .map(({files, words}) => `${names}: "${words}" in ${files.join(' or ')}`),
    );
    expect(missing).toEqual([]);
  });
});

test('links between documents lead to files and headings that exist', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownIn('docs')];
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
      .filter(([, path = '', anchor]) => {
        const target = path === '' ? document : join(dirname(document), path);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(read(target)).has(anchor);
      })
      .map(([link]) => `${document}: ${link}`),
  );
  expect(broken).toEqual([]);
});

/** Quoted test names, each with the files named last before it. */
function quotations(answer: string): {files: string[]; words: string}[] {
  const found: {files: string[]; words: string}[] = [];
  let files: string[] = [];
  let isListing = false;
  for (const [, file, words] of answer.matchAll(/`((?:[\w-]+\/)*[\w-]+\.test\.ts)`|"([^"]+)"/g)) {
    if (file !== undefined) {
      files = isListing ? [...files, file] : [file];
      isListing = true;
    } else if (words !== undefined && files.length > 0) {
      found.push({files, words});
      isListing = false;
    }
  }
  return found;
}

/** Whether a test's name is there; an ellipsis stands for what differs. */
function holds(source: string, words: string): boolean {
  return words.split('…').every((part) => source.includes(part.trim()));
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

/** As GitHub makes them from headings, and those that are set by hand. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const set = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id);
  return new Set([...headings, ...set]);
}
