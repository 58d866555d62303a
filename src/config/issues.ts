import type {z} from 'zod';
import type {ConfigDocument} from './document.ts';
import {nearest} from './nearest.ts';
import {type Finding, MAX_FINDINGS} from './problems.ts';
import {knownKeys} from './schema.ts';
import {kindIndex, kindsIn} from './source-schema.ts';

type Issue = z.core.$ZodIssue;

const KIND_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

/** Puts what zod found into words, with the place of each finding. */
export function issueFindings(issues: readonly Issue[], document: ConfigDocument): Finding[] {
  const findings = issues
    .slice(0, MAX_FINDINGS)
    .flatMap((issue) => (isOfSource(issue) ? issuesOfKind(issue, document) : issuesWithin(issue)))
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.slice(0, MAX_FINDINGS).map((key) => unknownKey(issue.path, key, document))
        : [findingOf(issue, document)],
    );
  const unsupported = new Set(findings.filter(({what}) => LATER_SOURCE.test(what)).map(placeOfSource));
  // Of a source of a kind that is yet to come, nothing else is worth saying.
  return findings.filter(
    (finding) => LATER_SOURCE.test(finding.what) || !unsupported.has(placeOfSource(finding)),
  );
}

function isOfSource(issue: Issue): issue is z.core.$ZodIssueInvalidUnion {
  return issue.code === 'invalid_union' && issue.path.length === 2 && issue.path[0] === 'sources';
}

/** What is wrong with a source as one of the kind that its key says. */
function issuesOfKind(issue: z.core.$ZodIssueInvalidUnion, document: ConfigDocument): Issue[] {
  const source = valueAt(document.value, issue.path);
  const [kind, another] = kindsIn(source);
  if (another !== undefined) {
    const message = `is of two kinds, \`${kind}\` and \`${another}\`; write two sources`;
    return [{code: 'custom', path: issue.path, message, input: source}];
  }
  return (issue.errors[kindIndex(source)] ?? []).map((inner) => ({
    ...inner,
    path: [...issue.path, ...inner.path],
  }));
}

/** Of what may be written short or as a mapping: what is wrong with it as the one that it is, within `schedule` and `notify`. */
function issuesWithin(issue: Issue): Issue[] {
  const isOurs = issue.path[0] === 'schedule' || issue.path[0] === 'notify';
  if (issue.code !== 'invalid_union' || !isOurs) return [issue];
  const meant = issue.errors.find((errors) => !errors.some(isOfAnotherForm));
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => issuesWithin({...inner, path: [...issue.path, ...inner.path]}));
}

function isOfAnotherForm({code, path}: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

const LATER_SOURCE = /^Sources of the kind /;

function placeOfSource({path}: Finding): string {
  return path.slice(0, 2).map(String).join('\n');
}

function unknownKey(place: readonly PropertyKey[], key: string, document: ConfigDocument): Finding {
  const path = [...place, key];
  const offset = document.offsetOfKey(place, key);
  const near = nearest(key, knownKeys(place));
  const elsewhere = near === undefined && place.length > 0 && knownKeys([]).includes(key);
  return {
    path,
    offset,
    what: `Unknown key \`${key}\``,
    advice: near ? `did you mean \`${near}\`?` : elsewhere ? 'it belongs to the top of the file' : undefined,
  };
}

function findingOf(issue: Issue, document: ConfigDocument): Finding {
  const {path} = issue;
  const offset = document.offsetOf(path);
  const subject = path.length === 0 ? 'The file' : `\`${path.map(String).join('.')}\``;
  const found = valueAt(document.value, path);
  const finding = (what: string, advice?: string): Finding => ({
    path,
    offset,
    what: `${subject} ${what}`,
    advice,
  });
  if (path.length === 0 && found === null)
    return finding('is empty', 'remove it and run "holdfast init" to have one written');
  if (path.length === 2 && path[0] === 'sources' && issue.code === 'invalid_type') {
    return finding('does not say what to back up', 'write { folder: /etc }');
  }
  if (found === null) return finding('has no value');
  switch (issue.code) {
    case 'invalid_type':
      if (found === undefined) return finding('is missing');
      return finding(
        `must be ${KIND_WORDS[issue.expected] ?? issue.expected}, not ${kindOf(found)}`,
        adviceFor(issue.expected, found),
      );
    case 'too_small':
      if (issue.origin === 'string') return finding('must not be empty');
      return finding(
        issue.origin === 'array' ? 'must not be an empty list' : `must be at least ${issue.minimum}`,
      );
    case 'too_big':
      return finding(`must be at most ${issue.maximum}`);
    case 'invalid_key': {
      const [inner] = issue.issues;
      const [what = '', advice] = [inner?.message, hintOf(inner)];
      return {
        ...finding(what, advice),
        offset: document.offsetOfKey(path.slice(0, -1), String(path.at(-1))),
      };
    }
    case 'custom': {
      if (issue.params === undefined) {
        const [what = '', advice] = issue.message.split('; ');
        return finding(what, advice);
      }
      const shown = document.filledIn.has(offset)
        ? issue.message.replace(/^`.*`/s, 'its value')
        : issue.message;
      const what = shown === issue.message && !shown.startsWith('`') ? shown : undefined;
      const advice = hintOf(issue);
      return what === undefined
        ? {path, offset, what: `${subject}: ${shown}`, advice}
        : finding(what, advice);
    }
    default: {
      const [what = '', advice] = issue.message.split('; ');
      return finding(what, advice);
    }
  }
}

/** The hint of an issue as the second half of a sentence. */
function hintOf(issue: Issue | undefined): string | undefined {
  const hint: unknown = issue?.code === 'custom' ? issue.params?.['hint'] : undefined;
  return typeof hint === 'string' ? hint.charAt(0).toLowerCase() + hint.slice(1) : undefined;
}

function adviceFor(expected: string, found: unknown): string | undefined {
  if (expected === 'string' && typeof found !== 'object') return 'put it in quotes';
  if (expected === 'array' && typeof found === 'string') return 'write it in [ ]';
  if (expected === 'boolean' && typeof found === 'string' && /^(?:yes|no|on|off)$/i.test(found)) {
    return `write ${/^(?:yes|on)$/i.test(found) ? 'true' : 'false'}`;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction';
  return (
    {string: 'text', number: 'a number', boolean: 'true or false', bigint: 'a number'}[
      String(typeof value)
    ] ?? 'a mapping'
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}
