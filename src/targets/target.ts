import {DamageError, type ErrorDetails, EXIT, HoldfastError} from '../errors.ts';

/** A `/`-separated object name, relative to the repository's root, such as `etc/20261120T023000Z-k3v9/generation.pgp`. */
export type ObjectName = string;

export interface ObjectInfo {
  readonly name: ObjectName;
  readonly sizeBytes: number;
  /** When the store says it was written, in ms since the epoch. */
  readonly modifiedMs: number;
  /** Until when nobody may remove it, in ms since the epoch, where `stat` found a lock; `Infinity` for one without an end. */
  readonly lockedUntilMs?: number | undefined;
}

/** What a store tells of itself. */
export interface TargetFact {
  readonly name: string;
  /** A sentence. */
  readonly detail: string;
  /** Whether it says that what is overwritten or removed can still be had. */
  readonly keepsOld?: boolean;
}

/** How objects are locked when they are put, by stores that can. */
export interface ObjectLock {
  /** `governance` can be lifted by whoever has the right to do so; `compliance` by nobody. */
  readonly mode: 'governance' | 'compliance';
  readonly forMs: number;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CreateOptions extends CallOptions {
  /** Make the container or bucket, too, where the target is in one and it is not there. */
  readonly container?: boolean;
}

export interface PutOptions extends CallOptions {
  /** Awaited before each piece of the body is sent, by targets that are {@link Target.paced}: keeps to a rate. */
  readonly pace?: ((sizeBytes: number) => Promise<void>) | undefined;
  /** MD5 of the body in hex, where it is known: nobody computes it again. */
  readonly md5?: string | undefined;
}

/** One page of a listing: names in the order of the store. */
export interface ListPage {
  /** May hold names of others, and names that no object can have: whoever asked sorts these out. */
  readonly objects: readonly ObjectInfo[];
  /** With `folders`: the next components below the prefix, without their `/`. */
  readonly folders: readonly string[];
  /** What to give as `after` for the page after this one; undefined at the end. */
  readonly next: string | undefined;
}

/** Checksums in hex; those that the store does not keep are undefined. */
export interface StoredSums {
  readonly sha256: string | undefined;
  readonly md5: string | undefined;
}

export interface PageRequest {
  /** Of the page before; undefined for the first. */
  readonly after: string | undefined;
  /** Names that go on below the prefix are asked for as folders only. */
  readonly folders: boolean;
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
  /**
   * Makes the place where objects go, if it is not there. Only `init` calls this.
   * @throws {@link TargetError} where a container or bucket is missing, and is not to be made
   */
  create(options?: CreateOptions): Promise<void>;
  /** @throws {@link ObjectExistsError} rather than overwrite */
  put(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void>;
  /** Writes or overwrites. For leases alone: nothing else is ever rewritten. */
  replace(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void>;
  /** @throws {@link ObjectMissingError}; {@link TargetError} rather than yield fewer bytes than `range` asks for */
  get(name: ObjectName, range?: ByteRange, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** What is stored under the name, or undefined. */
  stat(name: ObjectName, options?: CallOptions): Promise<ObjectInfo | undefined>;
  /** Yields each object whose name starts with `prefix` (empty, or ending in `/`) once, in no particular order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;
  /** Yields the next component of each name below `prefix` that has further components, without its `/`. */
  listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>;
  /** Removes an object; a missing one is no error. @throws {@link ObjectLockedError} */
  remove(name: ObjectName, options?: CallOptions): Promise<void>;
  /** Removes parts of objects that killed runs left behind, where a store shows such; @returns how many */
  sweepPartials?(olderThanMs: number, nowMs: number, options?: CallOptions): Promise<number>;
  /** One request for a part of a listing, of stores that list in pages. A lost page is asked for again, not the whole listing. */
  listPage?(prefix: string, request: PageRequest, options?: CallOptions): Promise<ListPage>;
  /** The lock that `put` sets, of targets that were told to. */
  readonly lock?: ObjectLock | undefined;
  /** Makes an object's lock end later. */
  extendLock?(name: ObjectName, untilMs: number, options?: CallOptions): Promise<void>;
  /** The checksums that the store made of an object when it was stored; none of a missing one. It reads nothing: this is the store's word. */
  storedSums?(name: ObjectName, options?: CallOptions): Promise<StoredSums>;
  /** Whether the best that the store keeps of an object is its MD5: then that is worth noting where it is signed. */
  readonly keepsMd5?: boolean;
  /** What the store can tell of itself, for people. @param probe the name of an object that is there */
  describe?(probe: ObjectName, options?: CallOptions): Promise<readonly TargetFact[]>;
  /** Whether `put` and `replace` await {@link PutOptions.pace}. */
  readonly paced?: boolean;
  /** How many calls were tried again until now, by targets that do so. */
  readonly retries?: number;
}

export interface TargetErrorDetails extends ErrorDetails {
  /** Whether trying again may help. */
  readonly transient: boolean;
  /** The store has too much to do (429, 503): come back with fewer requests at once. */
  readonly throttled?: boolean | undefined;
  /** The store says to wait that long before trying again. */
  readonly retryAfterMs?: number | undefined;
}

/** The target could not be reached, denied access, or broke off. */
export class TargetError extends HoldfastError {
  readonly code: string = 'TARGET';
  readonly exitCode: (typeof EXIT)['target'] | (typeof EXIT)['notVerified'] = EXIT.target;
  readonly transient: boolean;
  readonly throttled: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, {transient, throttled = false, retryAfterMs, ...details}: TargetErrorDetails) {
    super(message, details);
    this.transient = transient;
    this.throttled = throttled;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The very place of the repository is missing: its folder, say. */
export class PlaceMissingError extends TargetError {}

/** The name is taken. Whoever puts through {@link ResilientTarget} sees this only where it holds other bytes: then something is wrong. */
export class ObjectExistsError extends TargetError {
  override readonly code = 'OBJECT_EXISTS';
  override readonly exitCode = EXIT.notVerified;

  constructor(label: string, name: ObjectName, options: ErrorOptions = {}) {
    super(`${label} has an object ${name} already, with other content.`, {
      ...options,
      transient: false,
      hint: 'Nothing was overwritten. Run "holdfast verify": somebody else writes there, or something was altered.',
    });
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

/** The store does not let anybody remove the object yet. */
export class ObjectLockedError extends TargetError {
  override readonly code = 'OBJECT_LOCKED';
  /** In ms since the epoch; `Infinity` where there is no end. */
  readonly untilMs: number;

  constructor(label: string, name: ObjectName, untilMs: number, options: ErrorOptions = {}) {
    const until = Number.isFinite(untilMs) ? `until ${new Date(untilMs).toISOString()}` : 'without an end';
    super(`${label} keeps ${name} locked ${until}.`, {
      ...options,
      transient: false,
      hint: 'Run this again when the lock is over.',
    });
    this.untilMs = untilMs;
  }
}

/** What arrived of an object is not what the store's own checksum says: damaged there, or on the way. */
export class GarbledObjectError extends DamageError {
  constructor(name: ObjectName) {
    super(name, 'it arrives with other bytes than the checksum of the storage says');
  }
}
