import { type ConfigProblem } from './problems.ts';
import { type SourceConfig } from './sources.ts';
import type { Environment } from './substitute.ts';
export interface ConfigLimits {
    /** Packs on their way to the storage at once. */
    readonly concurrency: number;
    readonly uploadBytesPerSecond: number | undefined;
    readonly downloadBytesPerSecond: number | undefined;
    /** `Infinity` for `never`: it is never given up. */
    readonly retryForMs: number | undefined;
}
/** A config with its defaults, its paths absolute and its references filled in. */
export interface Config {
    /** The absolute path of the file it came from. */
    readonly file: string;
    /** A URL or an absolute path. */
    readonly repository: string | undefined;
    /** The id of the repository that must be there. */
    readonly repositoryId: string | undefined;
    /** Absolute paths of public key files; empty if the config names none. */
    readonly recipients: readonly string[];
    /** The absolute path of the agent's key file. */
    readonly agent: string | undefined;
    /** The absolute path of the catalog. */
    readonly catalog: string | undefined;
    /** By name, in the order of the file. */
    readonly sources: ReadonlyMap<string, SourceConfig>;
    /** A new generation starts when the last one is older, where a source does not say; `Infinity` for `never`. */
    readonly fullAfterMs: number;
    readonly limits: ConfigLimits;
    /** Whether storage must be reached encrypted. */
    readonly requireTls: boolean;
    /** How what is stored is locked. */
    readonly lock: {
        readonly mode: 'governance' | 'compliance';
        readonly forMs: number;
    } | undefined;
    /** The absolute path of a file with certificates of authorities. */
    readonly caFile: string | undefined;
    /** Fingerprints in lower case without blanks; undefined if the config does not say. */
    readonly trustedAgents: readonly string[] | undefined;
}
export interface ConfigTextOptions {
    /** The path of the config, for messages and as the base of relative paths. */
    readonly path: string;
    readonly env: Environment;
}
/**
 * Reads the config at a path.
 * @throws {@link ConfigError} if it cannot be read, or somebody else could have written it
 * @throws {@link InvalidConfigError} with everything that is wrong with it
 */
export declare function loadConfig({ path, env }: ConfigTextOptions): Promise<Config>;
/** @throws {@link InvalidConfigError} with everything that is wrong with the text */
export declare function parseConfig(text: string, options: ConfigTextOptions): Config;
/** Everything that is wrong with the text of a config, in the order of the file. */
export declare function configProblems(text: string, options: ConfigTextOptions): ConfigProblem[];
/**
 * Everything that is wrong with the file at a path. That it cannot be read, or that somebody else could have written
 * it, is one of its problems.
 */
export declare function checkConfig(options: ConfigTextOptions): Promise<ConfigProblem[]>;
