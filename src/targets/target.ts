import {type ErrorDetails, EXIT, HoldfastError} from '../errors.ts';

/** A `/`-separated object name, relative to the repository's root, such as `etc/20261120T023000Z-k3v9/generation.pgp`. */
export type ObjectName = string;

export interface ObjectInfo {
  readonly name: ObjectName;
  readonly sizeBytes: number;
  /** When the store says it was written, in ms since the epoch. */
  readonly modifiedMs: number;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps immutable objects: opaque bytes under a name. It never sees a key or a plaintext.
 * A stored object is durable, listed at once, and visible whole or not at all.
 */
export interface Target extends AsyncDisposable {
  /**
   * For messages and logs, such as `s3://backups/app01`. Holds no credential. One place has one label however its address is written,
   * and two places never have the same: this machine remembers by it which repository is where.
   */
  readonly label: string;
  /** Makes the place where objects go, if it is not there. Only `init` calls this. */
  create(options?: CallOptions): Promise<void>;
  /** @throws {@link ObjectExistsError} rather than overwrite */
  put(name: ObjectName, body: Uint8Array, options?: CallOptions): Promise<void>;
  /** Writes or overwrites. For leases alone: nothing else is ever rewritten. */
  replace(name: ObjectName, body: Uint8Array, options?: CallOptions): Promise<void>;
  /** @throws {@link ObjectMissingError}; {@link TargetError} rather than yield fewer bytes than `range` asks for */
  get(name: ObjectName, range?: ByteRange, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** What is stored under the name, or undefined. */
  stat(name: ObjectName, options?: CallOptions): Promise<ObjectInfo | undefined>;
  /** Yields each object whose name starts with `prefix` (empty, or ending in `/`) once, in no particular order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;
  /** Yields the next component of each name below `prefix` that has further components, without its `/`. */
  listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>;
  /** Removes an object; a missing one is no error. */
  remove(name: ObjectName, options?: CallOptions): Promise<void>;
  /** Removes parts of objects that killed runs left behind, where a store shows such; @returns how many */
  sweepPartials?(olderThanMs: number, nowMs: number, options?: CallOptions): Promise<number>;
}

/** The target could not be reached, denied access, or broke off. */
export class TargetError extends HoldfastError {
  readonly code: string = 'TARGET';
  readonly exitCode: (typeof EXIT)['target'] = EXIT.target;
  /** Whether trying again may help. */
  readonly transient: boolean;

  constructor(message: string, {transient, ...details}: ErrorDetails & {transient: boolean}) {
    super(message, details);
    this.transient = transient;
  }
}

/** The name is taken. */
export class ObjectExistsError extends TargetError {
  override readonly code = 'OBJECT_EXISTS';

  constructor(label: string, name: ObjectName, options: ErrorOptions = {}) {
    super(`${label} has an object ${name} already.`, {...options, transient: false});
  }
}

/** Nothing is stored under the name. */
export class ObjectMissingError extends TargetError {
  override readonly code = 'OBJECT_MISSING';

  constructor(label: string, name: ObjectName, options: ErrorOptions = {}) {
    super(`${label} has no object ${name}.`, {
      ...options,
      transient: false,
      hint: 'Run "holdfast verify" to see what is missing and what that affects.',
    });
  }
}
