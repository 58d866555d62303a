import type { HookCommand, SourceConfig } from '../config/sources.ts';
import { SourceError } from '../errors.ts';
/**
 * Refuses programs that root would run and others could change.
 * @param searchPath the PATH that programs without a slash are looked for in
 * @throws ConfigError
 */
export declare function assertHooksTrusted(source: SourceConfig, searchPath: string): void;
/** Runs a hook to its end. @throws {@link SourceError} with what it said last */
export declare function runHook(source: string, which: 'before' | 'after', command: HookCommand, signal: AbortSignal | undefined): Promise<void>;
/** Runs `work` between the hooks. `after` runs whatever happened; its failure is told when nothing worse did. */
export declare function withHooks<T>(source: SourceConfig, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<{
    result: T;
    afterFailed?: SourceError;
}>;
