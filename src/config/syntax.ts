/** What is wrong with a text as YAML, in words for whoever typed it. */
import {type Document, visit, type YAMLParseError} from 'yaml';
import type {Finding} from './problems.ts';

/**
 * Of all that the parser says, the first: the rest most often follows from it, and would send people to the wrong line.
 * @returns undefined if the text is YAML
 */
export function syntaxFinding(document: Document.Parsed, source: string): Finding | undefined {
  const errors = [...document.errors, ...document.warnings];
  const [first] = errors;
  if (first === undefined) return undefined;
  if (errors.some(({message}) => message.startsWith('Maximum call stack')))
    return at(0, 'The file is nested too deeply');
  // A tab is a slip that the parser may take for many others.
  const tab = errors.find(({code}) => code === 'TAB_AS_INDENT')?.pos[0] ?? source.search(/^\t[\t ]*[^\s#]/m);
  if (tab >= 0) return at(tab, 'A tab is used for indentation', 'use spaces');
  return (
    slip(first, document, source) ??
    at(first.pos[0], first.message.replaceAll(/\s+/g, ' ').replace(/[.:]$/, ''))
  );
}

function at(offset: number, what: string, advice?: string): Finding {
  return {path: [], offset, what, advice};
}

/** The slip behind an error of the parser; undefined if its own words must do. */
function slip(
  {code, message, pos: [from]}: Pick<YAMLParseError, 'code' | 'message' | 'pos'>,
  document: Document.Parsed,
  source: string,
): Finding | undefined {
  const [, closer = ''] =
    /^Missing closing (["'])|must .*end with a ([\]}])/.exec(message)?.filter(Boolean) ?? [];
  const opener = OPENERS[closer];
  if (opener !== undefined) {
    const what = opener === closer ? 'quote' : 'bracket';
    const opening = openedAt(document, source, opener, from);
    return at(opening ?? from, `The ${what} \`${opener}\` is not closed`, `add \`${closer}\` where it ends`);
  }
  const line = source.slice(source.lastIndexOf('\n', from - 1) + 1, from);
  const text = source.slice(from).split('\n', 1)[0] ?? '';
  switch (code) {
    case 'MULTIPLE_DOCS':
      return at(from, 'The file holds several YAML documents', 'keep one, without `---`');
    case 'BAD_INDENT':
      return at(from, MISALIGNED, ALIGN);
    case 'BLOCK_AS_IMPLICIT_KEY': {
      const next = source.indexOf('\n', from) + 1;
      // Either another key in the same line, or a line below that is indented as if it belonged to this value.
      return /:(?:\s|$)/.test(text)
        ? at(from, 'A value contains `: `', 'put it in quotes')
        : at(next, MISALIGNED, ALIGN);
    }
    case 'BLOCK_IN_FLOW':
      return at(
        from,
        'A comma is missing, or a value contains `: `',
        'put commas between the keys, or such a value in quotes',
      );
    case 'BAD_SCALAR_START':
      return at(
        from,
        'A value begins with a character that means something else in YAML',
        'put it in quotes',
      );
    case 'BAD_ALIAS':
      return at(from, 'A value begins with `*`', 'put it in quotes');
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR':
      if (/^-\S/.test(text)) return at(from, 'A space is missing after `-`');
      return missingSpace(from, text) ?? at(from, 'A line is no `key: value`');
    case 'UNEXPECTED_TOKEN':
      if (line.trim() === '' && /^[\w-]/.test(text)) return at(from, MISALIGNED, ALIGN);
      return at(from, 'Something follows after the end of a value', 'put the whole value in quotes');
    default:
      return undefined;
  }
}

/** A key whose colon YAML does not see, if the text begins with one. Not the rest: that may be a secret. */
export function missingSpace(offset: number, text: string): Finding | undefined {
  const [key] = /^[\w-]+:(?=\S)/.exec(text) ?? [];
  return key === undefined ? undefined : at(offset, `A space is missing after \`${key}\``);
}

const MISALIGNED = 'A line is indented differently from those that it belongs to';
const ALIGN = 'begin keys of the same mapping in the same column';
const OPENERS: Readonly<Record<string, string>> = {'"': '"', "'": "'", ']': '[', '}': '{'};

/** Where the outermost quote or bracket opens that ends, closed or not, at `end`. */
function openedAt(
  document: Document.Parsed,
  source: string,
  opener: string,
  end: number,
): number | undefined {
  let found: number | undefined;
  visit(document, {
    Node(_, {range}) {
      if (range?.[1] === end && source.charAt(range[0]) === opener) found ??= range[0];
    },
  });
  return found;
}
