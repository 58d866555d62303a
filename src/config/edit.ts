/** Changes single keys of a config's text. Every other byte stays as somebody wrote it: comments, order, quotes. */
import {isCollection, isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap} from 'yaml';

export interface Change {
  /** Where the key stands, such as `['sources', 'app', 'full']`; what it stands in must be there. */
  readonly path: readonly [string, ...string[]];
  readonly value: string | Readonly<Record<string, number>>;
  /** Why, in one line, without `#`. */
  readonly comment: string;
}

/** Begins each comment that is written here, so that the next time it is replaced, not added to. */
const MARK = '# plan: ';
/** New keys at the top of the file stand after this one, if it is there. */
const BEFORE_NEW = 'full';

/** @returns the new text; what stood there before is named in the comment */
export function editConfig(text: string, changes: readonly Change[]): string {
  return changes.reduce(changed, text);
}

function changed(text: string, {path, value, comment}: Change): string {
  const document = parseDocument(text);
  const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const key = path.at(-1) as string;
  const rendered = render(value);
  if (map === null && path.length === 1) return `${endLine(text)}${MARK}${comment}\n${key}: ${rendered}\n`;
  if (!isMap(map)) throw new Error(`there is no mapping at ${path.slice(0, -1).join('.')}`);
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  return pair === undefined
    ? added(text, map, {key, rendered, comment, isTop: path.length === 1})
    : replaced(text, map, pair, {rendered, comment, value});
}

function replaced(
  text: string,
  map: YAMLMap,
  pair: Pair,
  {rendered, comment, value}: {rendered: string; comment: string; value: Change['value']},
): string {
  const node = pair.value as Node | null;
  const old: unknown = isCollection(node) ? node.toJSON() : isScalar(node) ? node.value : undefined;
  const isSame = JSON.stringify(old) === JSON.stringify(value);
  const was =
    old === undefined || old === null || isSame
      ? ''
      : ` (was: ${typeof old === 'string' ? old : JSON.stringify(old)})`;
  const [keyStart, keyEnd] = rangeOf(pair.key);
  const colon = text.indexOf(':', keyEnd) + 1;
  const end = Math.max(colon, lastOf(node));
  const edited = isSame ? text : `${text.slice(0, colon)} ${rendered}${text.slice(end)}`;
  return map.flow === true ? edited : explained(edited, keyStart, comment + was, isSame);
}

/** Puts the comment above the line of a key, instead of the last one of its kind. */
function explained(text: string, keyAt: number, comment: string, isSame: boolean): string {
  const line = text.lastIndexOf('\n', keyAt - 1) + 1;
  const indent = text.slice(line, keyAt);
  const before = text.lastIndexOf('\n', line - 2) + 1;
  const isOurs = line > 0 && text.slice(before, line).trimStart().startsWith(MARK);
  // What it was before the last time is still worth knowing.
  if (isOurs && isSame) return text;
  return `${text.slice(0, isOurs ? before : line)}${indent}${MARK}${comment}\n${text.slice(line)}`;
}

function added(
  text: string,
  map: YAMLMap,
  {key, rendered, comment, isTop}: {key: string; rendered: string; comment: string; isTop: boolean},
): string {
  const anchor = isTop
    ? map.items.find((item) => isScalar(item.key) && item.key.value === BEFORE_NEW)
    : map.items.at(-1);
  if (isTop && anchor === undefined) return `${endLine(text)}${MARK}${comment}\n${key}: ${rendered}\n`;
  if (anchor === undefined) {
    const [start] = rangeOf(map);
    return `${text.slice(0, start + 1)} ${key}: ${rendered} ${text.slice(start + 1).trimStart()}`;
  }
  const at = Math.max(rangeOf(anchor.key)[1], lastOf(anchor.value as Node | null));
  if (map.flow === true) return `${text.slice(0, at)}, ${key}: ${rendered}${text.slice(at)}`;
  const keyAt = rangeOf(anchor.key)[0];
  const indent = text.slice(text.lastIndexOf('\n', keyAt - 1) + 1, keyAt);
  const lineEnd = text.indexOf('\n', at);
  const end = lineEnd < 0 ? text.length : lineEnd;
  return `${text.slice(0, end)}\n${indent}${MARK}${comment}\n${indent}${key}: ${rendered}${text.slice(end)}`;
}

/** Where the last thing of a value ends, without the comments and lines after it. */
function lastOf(node: Node | null): number {
  if (isCollection(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last !== undefined)
      return isMap(node)
        ? Math.max(rangeOf((last as Pair).key)[1], lastOf((last as Pair).value as Node | null))
        : lastOf(last as Node);
  }
  return node === null ? 0 : rangeOf(node)[1];
}

function rangeOf(node: unknown): [start: number, end: number] {
  const [start = 0, end = 0] = (node as Node | null)?.range ?? [];
  return [start, end];
}

function render(value: Change['value']): string {
  if (typeof value === 'string') return /^[a-z0-9]+$/i.test(value) ? value : JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, count]) => `${key}: ${count}`)
    .join(', ')} }`;
}

function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
