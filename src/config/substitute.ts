/** `${env:NAME}`, `${secret:NAME}`, and the same after another `$`, which keeps it as it stands. */
const REFERENCE = /(\$?)\$\{(env|secret):([^}]*)\}/g;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with the references in a text, each as a sentence without its end, and advice. */
export function referenceProblems(text: string, env: Environment): {what: string; advice?: string}[] {
  const problems: {what: string; advice?: string}[] = [];
  for (const [, dollar, kind, name = ''] of text.matchAll(REFERENCE)) {
    if (dollar !== '') continue;
    if (kind === 'secret') {
      problems.push({
        what: 'References to the credentials store are not supported by this version yet',
        advice: 'use `${env:NAME}`',
      });
    } else if (!VARIABLE.test(name)) {
      problems.push({what: `\`\${env:${name}}\` names no environment variable`});
    } else if (env[name] === undefined) {
      problems.push({what: `The environment variable \`${name}\` is not set`});
    }
  }
  return problems;
}

/** The text with the values of its references; those that {@link referenceProblems} complains about stay. */
export function substitute(text: string, env: Environment): string {
  return text.replaceAll(REFERENCE, (all: string, dollar: string, kind: string, name: string) => {
    if (dollar !== '') return all.slice(1);
    return (kind === 'env' ? env[name] : undefined) ?? all;
  });
}

/** What a program needs whatever the config names. */
const ORDINARY = /^(PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LANG|LC_\w+|LD_\w+)$/;

/** The variables that a text takes its secrets from: programs that are not meant to know them must not inherit them. */
export function secretVariables(text: string): string[] {
  const names = [...text.matchAll(REFERENCE)]
    .filter(([, dollar, kind]) => dollar === '' && kind === 'env')
    .map(([, , , name = '']) => name);
  return [...new Set(names)].filter((name) => !ORDINARY.test(name));
}

/** Whether substitution has something to do. */
export function hasReferences(text: string): boolean {
  return text.search(REFERENCE) >= 0;
}

/** The text, so written that {@link substitute} gives it back. */
export function escapeReferences(text: string): string {
  return text.replaceAll(/\$\{(?=env:|secret:)/g, '$$${');
}
