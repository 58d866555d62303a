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
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetails extends ErrorOptions {
  /** What to do next, as one imperative sentence. */
  readonly hint?: string | undefined;
}

/** A failure that somebody can act on. Whatever else reaches the top is a bug. */
export abstract class HoldfastError extends Error {
  /** Stable name, listed in docs/errors.md. Scripts match on this, never on the message. */
  abstract readonly code: string;
  abstract readonly exitCode: ExitCode;
  /** What to do next, as one imperative sentence. */
  readonly hint: string | undefined;

  constructor(message: string, {hint, ...options}: ErrorDetails = {}) {
    super(message, options);
    this.name = new.target.name;
    this.hint = hint;
  }
}

/** A command was called in a way that cannot work. */
export class UsageError extends HoldfastError {
  readonly code = 'USAGE';
  readonly exitCode = EXIT.usage;
}

/** The configuration is missing, unreadable or wrong. */
export class ConfigError extends HoldfastError {
  readonly code = 'CONFIG_INVALID';
  readonly exitCode = EXIT.usage;
}

/** The repository or the catalog was written by a newer Holdfast. */
export class NewerFormatError extends HoldfastError {
  readonly code = 'FORMAT_NEWER';
  readonly exitCode = EXIT.usage;
}

/** There is no repository at the place that was named, or not the one that was expected. */
export class NoRepositoryError extends HoldfastError {
  readonly code = 'NO_REPOSITORY';
  readonly exitCode = EXIT.noRepository;
}

/** Another run holds the lock of this source. */
export class LockedError extends HoldfastError {
  readonly code = 'LOCKED';
  readonly exitCode = EXIT.locked;
}

/** A key cannot be used for what it was given for. */
export class KeyError extends HoldfastError {
  readonly code = 'KEY_UNUSABLE';
  readonly exitCode = EXIT.key;
}

/** A private key stands where a public key belongs. */
export class PrivateKeyPresentError extends HoldfastError {
  readonly code = 'PRIVATE_KEY_PRESENT';
  readonly exitCode = EXIT.key;
}

/** The passphrase does not open the key, or none was given. */
export class PassphraseError extends HoldfastError {
  readonly code = 'PASSPHRASE';
  readonly exitCode = EXIT.key;
}

/** An object of the repository is not what its name, its signature or its seal says. */
export class DamageError extends HoldfastError {
  readonly code = 'DAMAGED';
  readonly exitCode = EXIT.notVerified;
  /** The object's name in the repository. */
  readonly object: string;

  constructor(object: string, problem: string, details: ErrorDetails = {}) {
    super(`${object}: ${problem}`, {
      hint: 'Run "holdfast verify" to see what it affects.',
      ...details,
    });
    this.object = object;
  }
}

/** History is not what this machine saw before: rolled back, forked, emptied or signed by a stranger. */
export class TamperError extends HoldfastError {
  readonly code = 'TAMPERED';
  readonly exitCode = EXIT.notVerified;
}

/** A prune would delete more than it should, or cannot tell what it should. */
export class PruneRefusedError extends HoldfastError {
  readonly code = 'PRUNE_REFUSED';
  readonly exitCode = EXIT.usage;
}

/** No snapshot, path or source of that name. */
export class NotFoundError extends HoldfastError {
  readonly code = 'NOT_FOUND';
  readonly exitCode = EXIT.usage;
}

/** The local catalog cannot be used. */
export class CatalogError extends HoldfastError {
  readonly code = 'CATALOG';
  readonly exitCode = EXIT.unexpected;
}

/** A source could not be backed up at all: no snapshot was made of it. */
export class SourceError extends HoldfastError {
  readonly code = 'SOURCE';
  readonly exitCode = EXIT.unexpected;
}

/** The repository would hold more than it may. */
export class LimitError extends HoldfastError {
  readonly code = 'LIMIT';
  readonly exitCode = EXIT.unexpected;
}

/** The restore cannot write where it was told to. */
export class RestoreError extends HoldfastError {
  readonly code = 'RESTORE';
  readonly exitCode = EXIT.unexpected;
}
