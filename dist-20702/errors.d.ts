/** The exit codes of the command line (docs/errors.md); restic's number where it has one. */
export declare const EXIT: {
    readonly done: 0;
    readonly unexpected: 1;
    readonly usage: 2;
    readonly incomplete: 3;
    readonly notVerified: 4;
    readonly noRepository: 10;
    readonly locked: 11;
    readonly key: 12;
    readonly target: 13;
    readonly interrupted: 130;
    readonly terminated: 143;
};
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
export interface ErrorDetails extends ErrorOptions {
    /** What to do next, as one imperative sentence. */
    readonly hint?: string | undefined;
}
/** A failure that somebody can act on. Whatever else reaches the top is a bug. */
export declare abstract class HoldfastError extends Error {
    /** Stable name, listed in docs/errors.md. Scripts match on this, never on the message. */
    abstract readonly code: string;
    abstract readonly exitCode: ExitCode;
    /** What to do next, as one imperative sentence. */
    readonly hint: string | undefined;
    constructor(message: string, { hint, ...options }?: ErrorDetails);
}
/** A command was called in a way that cannot work. */
export declare class UsageError extends HoldfastError {
    readonly code = "USAGE";
    readonly exitCode: 2;
}
/** The configuration is missing, unreadable or wrong. */
export declare class ConfigError extends HoldfastError {
    readonly code = "CONFIG_INVALID";
    readonly exitCode: 2;
}
/** The repository or the catalog was written by a newer Holdfast. */
export declare class NewerFormatError extends HoldfastError {
    readonly code = "FORMAT_NEWER";
    readonly exitCode: 2;
}
/** There is no repository at the place that was named, or not the one that was expected. */
export declare class NoRepositoryError extends HoldfastError {
    readonly code = "NO_REPOSITORY";
    readonly exitCode: 10;
}
/** Another run holds the lock of this source. */
export declare class LockedError extends HoldfastError {
    readonly code = "LOCKED";
    readonly exitCode: 11;
}
/** A key cannot be used for what it was given for. */
export declare class KeyError extends HoldfastError {
    readonly code = "KEY_UNUSABLE";
    readonly exitCode: 12;
}
/** A private key stands where a public key belongs. */
export declare class PrivateKeyPresentError extends HoldfastError {
    readonly code = "PRIVATE_KEY_PRESENT";
    readonly exitCode: 12;
}
/** The passphrase does not open the key, or none was given. */
export declare class PassphraseError extends HoldfastError {
    readonly code = "PASSPHRASE";
    readonly exitCode: 12;
}
/** An object of the repository is not what its name, its signature or its seal says. */
export declare class DamageError extends HoldfastError {
    readonly code = "DAMAGED";
    readonly exitCode: 4;
    /** The object's name in the repository. */
    readonly object: string;
    constructor(object: string, problem: string, details?: ErrorDetails);
}
/** History is not what this machine saw before: rolled back, forked, emptied or signed by a stranger. */
export declare class TamperError extends HoldfastError {
    readonly code = "TAMPERED";
    readonly exitCode: 4;
}
/** No snapshot, path or source of that name. */
export declare class NotFoundError extends HoldfastError {
    readonly code = "NOT_FOUND";
    readonly exitCode: 2;
}
/** The local catalog cannot be used. */
export declare class CatalogError extends HoldfastError {
    readonly code = "CATALOG";
    readonly exitCode: 1;
}
/** A source could not be backed up at all: no snapshot was made of it. */
export declare class SourceError extends HoldfastError {
    readonly code = "SOURCE";
    readonly exitCode: 1;
}
/** The restore cannot write where it was told to. */
export declare class RestoreError extends HoldfastError {
    readonly code = "RESTORE";
    readonly exitCode: 1;
}
