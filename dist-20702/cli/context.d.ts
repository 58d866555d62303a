import type { PublicKey } from 'openpgp';
import { Catalog } from '../catalog/catalog.ts';
import { type Config } from '../config/config.ts';
import { type Recipient } from '../crypto/keys.ts';
import type { RecipientKey } from '../crypto/recipient-key.ts';
import type { BackupContext } from '../operations/backup.ts';
import { type Agent } from '../repository/agent.ts';
import { type History } from '../repository/history.ts';
import { type Repository } from '../repository/repository.ts';
import { TrustFile } from '../repository/trust.ts';
import type { Target } from '../targets/target.ts';
import { type KeyFlags } from './key-source.ts';
import { type Output } from './output.ts';
export interface ContextFlags extends KeyFlags {
    readonly config?: string | undefined;
    readonly repository?: string | undefined;
    /** The id of the repository that must be there; over the config, and over what this machine remembers. */
    readonly 'repository-id'?: string | undefined;
    /** Fingerprints to trust, beside those of the config. */
    readonly agent?: readonly string[] | undefined;
}
export interface ContextOptions {
    readonly flags: ContextFlags;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    readonly output: Output;
    readonly signal: AbortSignal;
}
/** A repository that was found, and what this machine knows of it. */
export declare class CliContext implements AsyncDisposable {
    #private;
    readonly config: Config | undefined;
    readonly target: Target;
    readonly repository: Repository;
    readonly trust: TrustFile;
    readonly agents: readonly PublicKey[];
    private constructor();
    static open(options: ContextOptions): Promise<CliContext>;
    /** All seals, checked. What their times say is shown as warnings. */
    history(): Promise<History>;
    /** Another place, such as that of a copy, reached as the repository is. */
    openOther(url: string): Promise<Target>;
    /** The catalog, made if it is not there. */
    catalog(): Catalog;
    /** The catalog if this machine has one. */
    existingCatalog(): Catalog | undefined;
    agent(): Promise<Agent>;
    /** The private key that `--key` names, opened. @throws {@link KeyError} if there is none */
    key(): Promise<RecipientKey>;
    /** Undefined if `--key` names none. */
    optionalKey(): Promise<RecipientKey | undefined>;
    /** What a backup needs. */
    backupContext(): Promise<Omit<BackupContext, 'onProgress' | 'onNote'>>;
    [Symbol.asyncDispose](): Promise<void>;
}
/** The config that is in force, if any. */
export declare function configOf(flags: ContextFlags, env: ContextOptions['env'], cwd: string): Promise<Config | undefined>;
/**
 * Reads the keys that can restore, and warns of those that will soon expire.
 * @throws {@link KeyError}; ConfigError, as root, if another user could put another key in the place of one
 */
export declare function readRecipients(paths: readonly string[], now: Date, output: Output): Promise<Recipient[]>;
