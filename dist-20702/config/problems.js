import { ConfigError } from '../errors.js';
/** The first few help; a binary file would bring thousands. */
export const MAX_FINDINGS = 20;
/** The config was read and is wrong. Lists everything that is wrong with it. */
export class InvalidConfigError extends ConfigError {
    problems;
    constructor(file, problems) {
        const [first] = problems;
        super(problems.length === 1 && first
            ? first.text
            : [
                `${file} has ${problems.length < MAX_FINDINGS ? problems.length : 'many'} problems:`,
                ...problems.map(({ text }) => `  ${text}`),
            ].join('\n'), { hint: `Correct ${file}, then run "holdfast config check".` });
        this.problems = problems;
    }
}
/** Puts a finding into words. */
export function toProblem({ path, what, advice }, file, { line, column }) {
    const end = advice === undefined ? '.' : `; ${advice}${/[.?!]$/.test(advice) ? '' : '.'}`;
    return {
        path: path.map(String).join('.'),
        line,
        column,
        message: `${what}${end}`,
        text: `${what} at ${file}:${line}:${column}${end}`,
    };
}
