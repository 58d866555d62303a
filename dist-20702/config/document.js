import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, } from 'yaml';
import { MAX_FINDINGS } from './problems.js';
import { hasReferences, referenceProblems, substitute } from './substitute.js';
/** More is no config, but an attack or a mistake. */
const MAX_CHARACTERS = 1024 * 1024;
/** How often anchors may be resolved: enough for shared lists, too few for a bomb. */
const MAX_ALIASES = 100;
/** Parses a config. Never throws: what is wrong with the text is in `findings`. */
export function parseConfigText(source, env) {
    const lines = new LineCounter();
    let document;
    let value;
    let findings;
    const filledIn = new Set();
    const size = source.length;
    if (size > MAX_CHARACTERS) {
        findings = [finding(0, 'The file is too large for a config')];
    }
    else {
        try {
            document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
            findings = syntaxFindings(document);
            if (findings.length === 0) {
                findings = fillIn(document, env, filledIn);
                value = document.toJS({ maxAliasCount: MAX_ALIASES });
            }
        }
        catch (error) {
            findings = [finding(0, parserFailure(error))];
        }
    }
    return {
        value,
        findings,
        filledIn,
        position(offset) {
            if (lines.lineStarts.length === 0)
                return { line: 1, column: 1 };
            const { line, col } = lines.linePos(Math.min(offset, size));
            return { line: Math.max(1, line), column: Math.max(1, col) };
        },
        offsetOf: (path) => offsetOf(document, path),
        offsetOfKey: (path, key) => offsetOfKey(document, path, key),
    };
}
function finding(offset, what, advice) {
    return { path: [], offset, what, advice };
}
function parserFailure(error) {
    if (error instanceof RangeError)
        return 'The file is nested too deeply';
    const message = error instanceof Error ? error.message : '';
    if (message.startsWith('Excessive alias count'))
        return 'The file repeats too much by aliases';
    return 'The file is not YAML';
}
/** What the parser says, in our words where its own need explaining. */
function syntaxFindings(document) {
    const words = {
        TAB_AS_INDENT: ['A tab is used for indentation', 'use spaces'],
        MULTIPLE_DOCS: ['The file holds several YAML documents', 'keep one, without `---`'],
        BLOCK_AS_IMPLICIT_KEY: ['A value contains `: `', 'put it in quotes'],
    };
    if (document.errors.some(({ message }) => message.startsWith('Maximum call stack'))) {
        return [finding(0, 'The file is nested too deeply')];
    }
    const found = [...document.errors, ...document.warnings]
        .slice(0, MAX_FINDINGS)
        .map(({ code, message, pos }) => {
        const [what, advice] = words[code] ?? [message.replaceAll(/\s+/g, ' ').replace(/[.:]$/, '')];
        return finding(pos[0], what, advice);
    });
    return found.length > 0 ? found : keyFindings(document);
}
/** Aliases of nothing, keys that are no text, and keys given twice: yaml's own check takes minutes for a large mapping. */
function keyFindings(document) {
    const found = [];
    const anchors = new Set();
    visit(document, {
        Alias(_, alias) {
            if (anchors.has(alias.source))
                return;
            found.push(finding(startOf(alias) ?? 0, `The alias \`*${alias.source}\` has no anchor before it`));
        },
        Value(_, node) {
            if (node.anchor !== undefined)
                anchors.add(node.anchor);
        },
        Map(_, map) {
            if (map.anchor !== undefined)
                anchors.add(map.anchor);
            const seen = new Set();
            for (const { key } of map.items) {
                const name = keyText(key);
                if (name === undefined) {
                    found.push(finding(startOf(key) ?? startOf(map) ?? 0, 'A key must be plain text'));
                }
                else if (name === '__proto__') {
                    // The schema would never see it: zod leaves it out.
                    found.push(finding(startOf(key) ?? 0, 'Unknown key `__proto__`'));
                }
                else if (seen.has(name)) {
                    found.push(finding(startOf(key) ?? 0, `The key \`${name}\` is given twice`, 'keep one of them'));
                }
                else {
                    seen.add(name);
                }
            }
        },
    });
    return found.slice(0, MAX_FINDINGS);
}
/** Replaces `${env:NAME}` in the values of the document. */
function fillIn(document, env, filledIn) {
    const findings = [];
    visit(document, {
        Scalar(role, node, ancestors) {
            if (role === 'key' || typeof node.value !== 'string' || !hasReferences(node.value))
                return;
            const path = pathOf(ancestors, role);
            const offset = startOf(node) ?? 0;
            for (const problem of referenceProblems(node.value, env))
                findings.push({ path, offset, ...problem });
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
            }
            else if (!(path.length === 3 && (last === 'before' || last === 'after'))) {
                // A command given as text is split into words first, so that a value never becomes several words.
                filledIn.add(offset);
                node.value = substitute(node.value, env);
            }
        },
    });
    return findings;
}
function pathOf(ancestors, role) {
    const path = [];
    for (const [depth, ancestor] of ancestors.entries()) {
        if ('key' in ancestor && isScalar(ancestor.key))
            path.push(String(ancestor.key.value));
        else if (isSeq(ancestor)) {
            const child = ancestors[depth + 1];
            path.push(child === undefined ? Number(role) : ancestor.items.indexOf(child));
        }
    }
    return path;
}
function startOf(node) {
    return node?.range?.[0];
}
function offsetOf(document, path) {
    let node = document?.contents;
    let offset = startOf(node) ?? 0;
    for (const key of path) {
        const target = document && isAlias(node) ? node.resolve(document) : node;
        if (isMap(target)) {
            const pair = target.items.find((item) => keyText(item.key) === String(key));
            // A value that was left out has no place worth pointing at: its key has.
            const keyOffset = startOf(pair?.key);
            const empty = isScalar(pair?.value) && pair.value.value === null;
            node = pair?.value;
            offset = (empty ? keyOffset : startOf(node)) ?? keyOffset ?? offset;
        }
        else if (isSeq(target)) {
            node = target.items[Number(key)];
            offset = startOf(node) ?? offset;
        }
        else {
            return offset;
        }
    }
    return offset;
}
function offsetOfKey(document, path, key) {
    let node = document?.contents;
    for (const step of [...path]) {
        if (document && isAlias(node))
            node = node.resolve(document);
        if (!isMap(node))
            return offsetOf(document, path);
        node = node.items.find((item) => keyText(item.key) === String(step))?.value;
    }
    if (document && isAlias(node))
        node = node.resolve(document);
    const pair = isMap(node) ? node.items.find((item) => keyText(item.key) === key) : undefined;
    return startOf(pair?.key) ?? offsetOf(document, path);
}
function keyText(key) {
    return isScalar(key) ? String(key.value) : undefined;
}
