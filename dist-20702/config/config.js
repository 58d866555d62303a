import { dirname, resolve } from 'node:path';
import { ConfigError } from '../errors.js';
import { parseConfigText } from './document.js';
import { readConfigFile } from './file.js';
import { issueFindings } from './issues.js';
import { InvalidConfigError, MAX_FINDINGS, toProblem } from './problems.js';
import { configSchema } from './schema.js';
import { toLimit, toSource } from './sources.js';
import { parseDuration, parseRate } from './units.js';
const DEFAULT_FULL = '30d';
const DEFAULT_CONCURRENCY = 2;
/**
 * Reads the config at a path.
 * @throws {@link ConfigError} if it cannot be read, or somebody else could have written it
 * @throws {@link InvalidConfigError} with everything that is wrong with it
 */
export async function loadConfig({ path, env }) {
    return parseConfig(await readConfigFile(path), { path, env });
}
/** @throws {@link InvalidConfigError} with everything that is wrong with the text */
export function parseConfig(text, options) {
    const { input, problems } = check(text, options);
    if (input === undefined)
        throw new InvalidConfigError(options.path, problems);
    return toConfig(input, options);
}
/** Everything that is wrong with the text of a config, in the order of the file. */
export function configProblems(text, options) {
    return check(text, options).problems;
}
/**
 * Everything that is wrong with the file at a path. That it cannot be read, or that somebody else could have written
 * it, is one of its problems.
 */
export async function checkConfig(options) {
    let text;
    try {
        text = await readConfigFile(options.path);
    }
    catch (error) {
        if (!(error instanceof ConfigError))
            throw error;
        const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
        return [{ path: '', line: 1, column: 1, message, text: message }];
    }
    return configProblems(text, options);
}
function check(text, { path, env }) {
    const document = parseConfigText(text, env);
    let findings = document.findings;
    let input;
    // Without the values of its variables the rest cannot be judged; but a missing variable should hide nothing else.
    if (document.value !== undefined) {
        const result = configSchema.safeParse(document.value);
        if (!result.success)
            findings = [...findings, ...elsewhere(issueFindings(result.error.issues, document), findings)];
        else if (findings.length === 0)
            input = result.data;
    }
    const problems = [...findings]
        .sort((a, b) => a.offset - b.offset)
        .slice(0, MAX_FINDINGS)
        .map((finding) => toProblem(finding, path, document.position(finding.offset)));
    return { input, problems };
}
/** A value with an unknown reference is wrong anyhow: what else is wrong with it is noise. */
function elsewhere(findings, known) {
    const places = new Set(known.map(({ offset }) => offset));
    return findings.filter(({ offset }) => !places.has(offset));
}
function toConfig(input, { path, env }) {
    const file = resolve(path);
    const absolute = (value) => resolve(dirname(file), value);
    const full = input.full ?? DEFAULT_FULL;
    return {
        file,
        repository: input.repository === undefined || isUrl(input.repository)
            ? input.repository
            : absolute(input.repository),
        repositoryId: input.repositoryId,
        recipients: (input.recipients ?? []).map(absolute),
        agent: input.agent === undefined ? undefined : absolute(input.agent),
        catalog: input.catalog === undefined ? undefined : absolute(input.catalog),
        sources: new Map(Object.entries(input.sources ?? {}).map(([name, source]) => [
            name,
            toSource(name, source, { full, absolute, env }),
        ])),
        fullAfterMs: toLimit(full),
        limits: toLimits(input.limits),
        requireTls: input.requireTls ?? false,
        lock: input.lock && { mode: input.lock.mode, forMs: parseDuration(input.lock.for) },
        caFile: input.caFile === undefined ? undefined : absolute(input.caFile),
        trustedAgents: input.trust?.agents?.map((agent) => agent.replaceAll(' ', '').toLowerCase()),
    };
}
/** What is no URL is a path; {@link configSchema} let nothing else through. */
function isUrl(repository) {
    return /^[a-z][a-z0-9+.-]*:/i.test(repository);
}
function toLimits(input) {
    const rate = (text) => (text === undefined ? undefined : parseRate(text));
    return {
        concurrency: input?.concurrency ?? DEFAULT_CONCURRENCY,
        uploadBytesPerSecond: rate(input?.upload),
        downloadBytesPerSecond: rate(input?.download),
        retryForMs: input?.retryFor === undefined ? undefined : toLimit(input.retryFor),
    };
}
