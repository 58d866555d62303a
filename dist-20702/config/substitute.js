/** `${env:NAME}`, `${secret:NAME}`, and the same after another `$`, which keeps it as it stands. */
const REFERENCE = /(\$?)\$\{(env|secret):([^}]*)\}/g;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What is wrong with the references in a text, each as a sentence without its end, and advice. */
export function referenceProblems(text, env) {
    const problems = [];
    for (const [, dollar, kind, name = ''] of text.matchAll(REFERENCE)) {
        if (dollar !== '')
            continue;
        if (kind === 'secret') {
            problems.push({
                what: 'References to the credentials store are not supported by this version yet',
                advice: 'use `${env:NAME}`',
            });
        }
        else if (!VARIABLE.test(name)) {
            problems.push({ what: `\`\${env:${name}}\` names no environment variable` });
        }
        else if (env[name] === undefined) {
            problems.push({ what: `The environment variable \`${name}\` is not set` });
        }
    }
    return problems;
}
/** The text with the values of its references; those that {@link referenceProblems} complains about stay. */
export function substitute(text, env) {
    return text.replaceAll(REFERENCE, (all, dollar, kind, name) => {
        if (dollar !== '')
            return all.slice(1);
        return (kind === 'env' ? env[name] : undefined) ?? all;
    });
}
/** Whether substitution has something to do. */
export function hasReferences(text) {
    return text.search(REFERENCE) >= 0;
}
/** The text, so written that {@link substitute} gives it back. */
export function escapeReferences(text) {
    return text.replaceAll(/\$\{(?=env:|secret:)/g, '$$${');
}
