import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import {type Finding, MAX_FINDINGS} from './problems.ts';
import {type Environment, hasReferences, referenceProblems, substitute} from './substitute.ts';
import {missingSpace, syntaxFinding} from './syntax.ts';

/** More is no config, but an attack or a mistake. */
const MAX_CHARACTERS = 1024 * 1024;
/** How often anchors may be resolved: enough for shared lists, too few for a bomb. */
const MAX_ALIASES = 100;

/** A YAML text with the places of its nodes. */
export interface ConfigDocument {
  /** The value with its environment variables filled in. Not yet checked against the schema. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Where values start that hold something from the environment, which may be a secret: messages must not show it. */
  readonly filledIn: ReadonlySet<number>;
  position(offset: number): {line: number; column: number};
  /** Where the value at a path starts, or its nearest ancestor. */
  offsetOf(path: readonly PropertyKey[]): number;
  /** Where a key of the mapping at a path starts. */
  offsetOfKey(path: readonly PropertyKey[], key: string): number;
}

/** Parses a config. Never throws: what is wrong with the text is in `findings`. */
export function parseConfigText(source: string, env: Environment): ConfigDocument {
  const lines = new LineCounter();
  let document: Document.Parsed | undefined;
  let value: unknown;
  let findings: Finding[];
  const filledIn = new Set<number>();
  const size = source.length;
  if (size > MAX_CHARACTERS) {
    findings = [finding(0, 'The file is too large for a config')];
  } else {
    try {
      document = parseDocument(source, {lineCounter: lines, prettyErrors: false, uniqueKeys: false});
      const syntax = syntaxFinding(document, source);
      findings = syntax === undefined ? keyFindings(document) : [syntax];
      if (findings.length === 0) {
        findings = fillIn(document, env, filledIn);
        value = document.toJS({maxAliasCount: MAX_ALIASES});
      }
    } catch (error) {
      findings = [finding(0, parserFailure(error))];
    }
  }
  return {
    value,
    findings,
    filledIn,
    position(offset) {
      if (lines.lineStarts.length === 0) return {line: 1, column: 1};
      const {line, col} = lines.linePos(Math.min(offset, size));
      return {line: Math.max(1, line), column: Math.max(1, col)};
    },
    offsetOf: (path) => offsetOf(document, path),
    offsetOfKey: (path, key) => offsetOfKey(document, path, key),
  };
}

function finding(offset: number, what: string, advice?: string): Finding {
  return {path: [], offset, what, advice};
}

function parserFailure(error: unknown): string {
  if (error instanceof RangeError) return 'The file is nested too deeply';
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('Excessive alias count')) return 'The file repeats too much by aliases';
  return 'The file is not YAML';
}

/** Aliases of nothing, keys that are no text, and keys given twice: yaml's own check takes minutes for a large mapping. */
function keyFindings(document: Document.Parsed): Finding[] {
  const found: Finding[] = [];
  const anchors = new Set<string>();
  visit(document, {
    Alias(_, alias) {
      if (anchors.has(alias.source)) return;
      found.push(
        finding(
          startOf(alias) ?? 0,
          `The alias \`*${alias.source}\` has no anchor before it`,
          'put it in quotes if it is a pattern',
        ),
      );
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
    Map(_, map) {
      if (map.anchor !== undefined) anchors.add(map.anchor);
      const seen = new Set<string>();
      for (const {key, value} of map.items) {
        const name = keyText(key);
        const unseen = value === null ? missingSpace(startOf(key) ?? 0, name ?? '') : undefined;
        if (unseen !== undefined) found.push(unseen);
        if (name === undefined) {
          found.push(finding(startOf(key) ?? startOf(map) ?? 0, 'A key must be plain text'));
        } else if (name === '__proto__') {
          // The schema would never see it: zod leaves it out.
          found.push(finding(startOf(key) ?? 0, 'Unknown key `__proto__`'));
        } else if (seen.has(name)) {
          found.push(finding(startOf(key) ?? 0, `The key \`${name}\` is given twice`, 'keep one of them'));
        } else {
          seen.add(name);
        }
      }
    },
  });
  return found.slice(0, MAX_FINDINGS);
}

/** Replaces `${env:NAME}` in the values of the document. */
function fillIn(document: Document.Parsed, env: Environment, filledIn: Set<number>): Finding[] {
  const findings: Finding[] = [];
  visit(document, {
    Scalar(role, node, ancestors) {
      if (role === 'key' || typeof node.value !== 'string' || !hasReferences(node.value)) return;
      const path = pathOf(ancestors, role);
      const offset = startOf(node) ?? 0;
      for (const problem of referenceProblems(node.value, env)) findings.push({path, offset, ...problem});
      const last = path.at(-1);
      if (last === 'shell') {
        if (node.value.includes('${env:')) {
          findings.push({
            path,
            offset,
            what: 'A shell reads the environment itself',
            advice: 'write "$NAME" instead of ${env:NAME}',
          });
        }
      } else if (!(path.length === 3 && (last === 'before' || last === 'after'))) {
        // A command given as text is split into words first, so that a value never becomes several words.
        filledIn.add(offset);
        node.value = substitute(node.value, env);
      }
    },
  });
  return findings;
}

function pathOf(ancestors: readonly (Document | Node | Pair)[], role: unknown): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (const [depth, ancestor] of ancestors.entries()) {
    if ('key' in ancestor && isScalar(ancestor.key)) path.push(String(ancestor.key.value));
    else if (isSeq(ancestor)) {
      const child = ancestors[depth + 1];
      path.push(child === undefined ? Number(role) : ancestor.items.indexOf(child));
    }
  }
  return path;
}

function startOf(node: unknown): number | undefined {
  return (node as {range?: [number, number, number] | null} | null | undefined)?.range?.[0];
}

function offsetOf(document: Document.Parsed | undefined, path: readonly PropertyKey[]): number {
  let node: unknown = document?.contents;
  let offset = startOf(node) ?? 0;
  for (const key of path) {
    const target: unknown = document && isAlias(node) ? node.resolve(document) : node;
    if (isMap(target)) {
      const pair = target.items.find((item) => keyText(item.key) === String(key));
      // A value that was left out has no place worth pointing at: its key has.
      const keyOffset = startOf(pair?.key);
      const empty = isScalar(pair?.value) && pair.value.value === null;
      node = pair?.value;
      offset = (empty ? keyOffset : startOf(node)) ?? keyOffset ?? offset;
    } else if (isSeq(target)) {
      node = target.items[Number(key)];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function offsetOfKey(
  document: Document.Parsed | undefined,
  path: readonly PropertyKey[],
  key: string,
): number {
  let node: unknown = document?.contents;
  for (const step of [...path]) {
    if (document && isAlias(node)) node = node.resolve(document);
    if (!isMap(node)) return offsetOf(document, path);
    node = node.items.find((item) => keyText(item.key) === String(step))?.value;
  }
  if (document && isAlias(node)) node = node.resolve(document);
  const pair = isMap(node) ? node.items.find((item) => keyText(item.key) === key) : undefined;
  return startOf(pair?.key) ?? offsetOf(document, path);
}

function keyText(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}
