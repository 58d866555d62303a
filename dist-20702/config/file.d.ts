import { type Stats } from 'node:fs';
import type { Environment } from './substitute.ts';
/**
 * Reads the text of a config that only root or we ourselves can have written.
 * @throws {@link ConfigError}
 */
export declare function readConfigFile(path: string): Promise<string>;
/**
 * Refuses a file that decides what we run or believe (a config, a key, a program) if others than root and the
 * current user can have written it.
 * @throws {@link ConfigError}
 */
export declare function assertTrustedFile(path: string, { uid, mode }: Pick<Stats, 'uid' | 'mode'>, us?: number | undefined): void;
/**
 * Refuses a file that decides what root does (a program, a key to encrypt to) if others than root can change it. Another user's
 * own runs harm nobody else. What is missing is left to whoever opens it.
 * @throws {@link ConfigError}
 */
export declare function assertOnlyRootChanges(path: string): void;
export interface FindConfigOptions {
    /** What `--config` says. */
    readonly flag?: string | undefined;
    readonly env: Environment;
    readonly cwd: string;
}
/** Where a config is looked for when nobody names one, in this order. Absolute paths. */
export declare function configPlaces({ env, cwd }: Omit<FindConfigOptions, 'flag'>): string[];
/**
 * The absolute path of the config to use, or undefined if there is none.
 * @throws {@link ConfigError} if `--config` or `HOLDFAST_CONFIG` names a file that is not there
 */
export declare function findConfig({ flag, env, cwd }: FindConfigOptions): Promise<string | undefined>;
