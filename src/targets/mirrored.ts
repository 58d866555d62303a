import type {
  ByteRange,
  CallOptions,
  CreateOptions,
  ObjectInfo,
  ObjectLock,
  ObjectName,
  PutOptions,
  Target,
} from './target.ts';

/** A target that gets a copy of what is put into another. */
export interface Mirror {
  readonly target: Target;
  /** Told once: nothing is put there any more. */
  failed(error: unknown): void;
  /** Told of each object that was put there. */
  stored(sizeBytes: number): void;
}

/**
 * A target whose objects are put into others, too, from the same bytes. What is read and decided comes from the first alone, and a
 * mirror that fails stops nobody. Seals are left out: a mirror gets them when it has all that they need.
 */
export class MirroredTarget implements Target {
  readonly label: string;
  readonly lock: ObjectLock | undefined;
  readonly keepsMd5: boolean;
  readonly sweepPartials?: NonNullable<Target['sweepPartials']>;
  readonly extendLock?: NonNullable<Target['extendLock']>;
  readonly #target: Target;
  readonly #mirrors: Set<Mirror>;
  readonly #isSeal: (name: ObjectName) => boolean;

  constructor(target: Target, mirrors: readonly Mirror[], isSeal: (name: ObjectName) => boolean) {
    this.label = target.label;
    this.lock = target.lock;
    this.keepsMd5 = [target, ...mirrors.map((mirror) => mirror.target)].some(
      ({keepsMd5}) => keepsMd5 === true,
    );
    this.#target = target;
    this.#mirrors = new Set(mirrors);
    this.#isSeal = isSeal;
    const {sweepPartials, extendLock} = target;
    if (sweepPartials !== undefined) this.sweepPartials = sweepPartials.bind(target);
    if (extendLock !== undefined) this.extendLock = extendLock.bind(target);
  }

  get retries(): number {
    return this.#target.retries ?? 0;
  }

  async put(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void> {
    const mirrors = this.#isSeal(name) ? [] : [...this.#mirrors];
    const copies = mirrors.map((mirror) => this.#copy(mirror, name, body, options));
    // The body is in use until all of them have ended.
    const ended = await Promise.allSettled([this.#target.put(name, body, options), ...copies]);
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  async #copy(
    mirror: Mirror,
    name: ObjectName,
    body: Uint8Array,
    options: PutOptions | undefined,
  ): Promise<void> {
    try {
      await mirror.target.put(name, body, options);
      mirror.stored(body.length);
    } catch (error) {
      if (this.#mirrors.delete(mirror)) mirror.failed(error);
    }
  }

  create(options?: CreateOptions): Promise<void> {
    return this.#target.create(options);
  }

  replace(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void> {
    return this.#target.replace(name, body, options);
  }

  get(name: ObjectName, range?: ByteRange, options?: CallOptions): AsyncIterable<Uint8Array> {
    return this.#target.get(name, range, options);
  }

  stat(name: ObjectName, options?: CallOptions): Promise<ObjectInfo | undefined> {
    return this.#target.stat(name, options);
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo> {
    return this.#target.list(prefix, options);
  }

  listFolders(prefix: string, options?: CallOptions): AsyncIterable<string> {
    return this.#target.listFolders(prefix, options);
  }

  remove(name: ObjectName, options?: CallOptions): Promise<void> {
    return this.#target.remove(name, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target[Symbol.asyncDispose]();
  }
}
