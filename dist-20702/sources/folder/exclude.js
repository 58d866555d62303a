import ignore, {} from 'ignore';
import { ConfigError } from '../../errors.js';
/** `ignore` remembers every path that it has seen; a walk over millions of files cannot afford that. */
const CACHED_PATHS_MOST = 10_000;
const NOT_ASCII = /[^\0-\x7f]/;
/**
 * Compiles patterns in gitignore syntax (gitignore(5)): a later one wins, `!` takes back, a slash at the start or in the middle anchors
 * at the root of the source, one at the end matches directories only. Whatever lies below an excluded directory is excluded, too.
 * Case matters. As in git, patterns and names are bytes: `?` stands for one byte, so that names in any encoding can be told apart.
 * @throws {@link ConfigError} naming a pattern that could never match
 */
export function compileExcludes(patterns) {
    if (patterns.length === 0)
        return () => false;
    for (const pattern of patterns)
        refuseBadPattern(pattern);
    // A path that starts with `./` or `/` must not throw: names in a hostile repository are refused elsewhere, with better words.
    const empty = () => ignore({ ignoreCase: false, allowRelativePaths: true });
    const rules = empty();
    for (const pattern of patterns) {
        try {
            rules.add([bytesAsText(pattern)]);
            rules.ignores('x'); // Compiles it: an expression too large for the engine must show here, not in a walk.
        }
        catch (cause) {
            throw new ConfigError(`The pattern "${pattern}" cannot be used.`, { cause });
        }
    }
    let cached = empty().add(rules);
    let paths = 0;
    return (relativePath, isDirectory) => {
        if (++paths > CACHED_PATHS_MOST) {
            cached = empty().add(rules); // Shares the compiled rules; only what was remembered goes.
            paths = 0;
        }
        const path = bytesAsText(relativePath);
        return path !== '' && cached.ignores(isDirectory ? `${path}/` : path);
    };
}
/** One character per byte: what is not UTF-8 keeps its identity, and nothing is escaped twice. */
function bytesAsText(text) {
    if (typeof text !== 'string')
        return text.toString('latin1');
    return NOT_ASCII.test(text) ? Buffer.from(text).toString('latin1') : text;
}
/** Git ignores such lines in silence; in a configuration they are mistakes that would back up what nobody wanted. */
function refuseBadPattern(pattern) {
    const problem = problemOf(pattern);
    if (problem === undefined)
        return;
    throw new ConfigError(`The pattern "${pattern}" ${problem.what}.`, { hint: problem.hint });
}
function problemOf(pattern) {
    const body = pattern.startsWith('!') ? pattern.slice(1) : pattern;
    if (/^[ /]*$/.test(body))
        return { what: 'is empty', hint: 'Remove it, or name what it should match.' };
    if (/[\0\n\r]/.test(body))
        return { what: 'contains a line break or NUL', hint: 'Write one pattern per list item.' };
    if (pattern.startsWith('#'))
        return { what: 'is a comment', hint: 'Write "\\#" for a name that starts with "#".' };
    if (/^\.{1,2}\/|\/\.{1,2}(\/|$)|^\.{1,2}$/.test(body)) {
        return {
            what: 'never matches, because it contains "." or ".." as a folder',
            hint: 'Start it with "/" to anchor it at the folder that is backed up.',
        };
    }
    if (/(?<!\\)(\\\\)*\\\/?$/.test(body))
        return { what: 'ends with a lone backslash', hint: 'Write "\\\\" for a backslash.' };
    if (hasOpenBracket(body))
        return { what: 'has a "[" that is not closed', hint: 'Close it, or write "\\[" for the character.' };
    return undefined;
}
/** Follows git's wildmatch: the first member may be `]`, a backslash quotes, `[:name:]` is one member. */
function hasOpenBracket(pattern) {
    for (let i = 0; i < pattern.length; i++) {
        if (pattern[i] === '\\')
            i++;
        else if (pattern[i] === '[') {
            i++;
            if (pattern[i] === '!' || pattern[i] === '^')
                i++;
            for (let first = true; first || pattern[i] !== ']'; first = false) {
                if (i >= pattern.length)
                    return true;
                const name = /^\[:[^\]]*:\]/.exec(pattern.slice(i));
                i += name ? name[0].length : pattern[i] === '\\' ? 2 : 1;
            }
        }
    }
    return false;
}
