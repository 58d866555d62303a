import type {
  ByteRange,
  CallOptions,
  CreateOptions,
  ObjectInfo,
  ObjectName,
  PutOptions,
  Target,
} from './target.ts';

/** A folder of a target, as a target of its own: what is reached once serves many repositories. Disposing of it ends nothing. */
export class BelowTarget implements Target {
  readonly label: string;
  readonly #target: Target;
  /** Ends in `/`. */
  readonly #prefix: string;

  /** @param prefix ends in `/` */
  constructor(target: Target, prefix: string) {
    this.label = `${target.label}/${prefix.slice(0, -1)}`;
    this.#target = target;
    this.#prefix = prefix;
  }

  create(options?: CreateOptions): Promise<void> {
    return this.#target.create(options);
  }

  put(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void> {
    return this.#target.put(this.#prefix + name, body, options);
  }

  replace(name: ObjectName, body: Uint8Array, options?: PutOptions): Promise<void> {
    return this.#target.replace(this.#prefix + name, body, options);
  }

  get(name: ObjectName, range?: ByteRange, options?: CallOptions): AsyncIterable<Uint8Array> {
    return this.#target.get(this.#prefix + name, range, options);
  }

  async stat(name: ObjectName, options?: CallOptions): Promise<ObjectInfo | undefined> {
    const info = await this.#target.stat(this.#prefix + name, options);
    return info && {...info, name};
  }

  async *list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo> {
    for await (const info of this.#target.list(this.#prefix + prefix, options))
      yield {...info, name: info.name.slice(this.#prefix.length)};
  }

  listFolders(prefix: string, options?: CallOptions): AsyncIterable<string> {
    return this.#target.listFolders(this.#prefix + prefix, options);
  }

  remove(name: ObjectName, options?: CallOptions): Promise<void> {
    return this.#target.remove(this.#prefix + name, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
