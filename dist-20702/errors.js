/** The exit codes of the command line (docs/errors.md); restic's number where it has one. */
export const EXIT = {
    done: 0,
    unexpected: 1,
    usage: 2,
    incomplete: 3,
    notVerified: 4,
    noRepository: 10,
    locked: 11,
    key: 12,
    target: 13,
    interrupted: 130,
    terminated: 143,
};
/** A failure that somebody can act on. Whatever else reaches the top is a bug. */
export class HoldfastError extends Error {
    /** What to do next, as one imperative sentence. */
    hint;
    constructor(message, { hint, ...options } = {}) {
        super(message, options);
        this.name = new.target.name;
        this.hint = hint;
    }
}
/** A command was called in a way that cannot work. */
export class UsageError extends HoldfastError {
    code = 'USAGE';
    exitCode = EXIT.usage;
}
/** The configuration is missing, unreadable or wrong. */
export class ConfigError extends HoldfastError {
    code = 'CONFIG_INVALID';
    exitCode = EXIT.usage;
}
/** The repository or the catalog was written by a newer Holdfast. */
export class NewerFormatError extends HoldfastError {
    code = 'FORMAT_NEWER';
    exitCode = EXIT.usage;
}
/** There is no repository at the place that was named, or not the one that was expected. */
export class NoRepositoryError extends HoldfastError {
    code = 'NO_REPOSITORY';
    exitCode = EXIT.noRepository;
}
/** Another run holds the lock of this source. */
export class LockedError extends HoldfastError {
    code = 'LOCKED';
    exitCode = EXIT.locked;
}
/** A key cannot be used for what it was given for. */
export class KeyError extends HoldfastError {
    code = 'KEY_UNUSABLE';
    exitCode = EXIT.key;
}
/** A private key stands where a public key belongs. */
export class PrivateKeyPresentError extends HoldfastError {
    code = 'PRIVATE_KEY_PRESENT';
    exitCode = EXIT.key;
}
/** The passphrase does not open the key, or none was given. */
export class PassphraseError extends HoldfastError {
    code = 'PASSPHRASE';
    exitCode = EXIT.key;
}
/** An object of the repository is not what its name, its signature or its seal says. */
export class DamageError extends HoldfastError {
    code = 'DAMAGED';
    exitCode = EXIT.notVerified;
    /** The object's name in the repository. */
    object;
    constructor(object, problem, details = {}) {
        super(`${object}: ${problem}`, {
            hint: 'Run "holdfast verify" to see what it affects.',
            ...details,
        });
        this.object = object;
    }
}
/** History is not what this machine saw before: rolled back, forked, emptied or signed by a stranger. */
export class TamperError extends HoldfastError {
    code = 'TAMPERED';
    exitCode = EXIT.notVerified;
}
/** No snapshot, path or source of that name. */
export class NotFoundError extends HoldfastError {
    code = 'NOT_FOUND';
    exitCode = EXIT.usage;
}
/** The local catalog cannot be used. */
export class CatalogError extends HoldfastError {
    code = 'CATALOG';
    exitCode = EXIT.unexpected;
}
/** A source could not be backed up at all: no snapshot was made of it. */
export class SourceError extends HoldfastError {
    code = 'SOURCE';
    exitCode = EXIT.unexpected;
}
/** The restore cannot write where it was told to. */
export class RestoreError extends HoldfastError {
    code = 'RESTORE';
    exitCode = EXIT.unexpected;
}
