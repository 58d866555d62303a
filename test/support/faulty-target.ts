import {
  type ByteRange,
  type CallOptions,
  type CreateOptions,
  type ObjectInfo,
  type ObjectName,
  type Target,
  TargetError,
} from '../../src/targets/target.ts';

export type Operation = 'create' | 'put' | 'replace' | 'get' | 'stat' | 'list' | 'listFolders' | 'remove';

export interface Fault {
  readonly operation: Operation;
  /** Which call of the operation fails, from 1; of those that `matching` lets through. */
  readonly call: number;
  /** `once`: that call alone. `forever`: that one and all later ones. `afterDoing`: it is done, but its answer is lost. */
  readonly how?: 'once' | 'forever' | 'afterDoing';
  /** Counts only calls for names or prefixes that match. */
  readonly matching?: RegExp;
  /** What is thrown; by default a transient {@link TargetError}. */
  readonly error?: () => Error;
}

/** One call, as {@link recording} saw it. */
export interface RecordedCall {
  readonly operation: Operation;
  /** The name or prefix. */
  readonly name: string;
  /** What was put or, for `get`, read until now. */
  sizeBytes: number;
  /** Whether it was finished without an error. */
  done: boolean;
}

/** The storage went away for good, as it does when the process is killed. */
export class CutOffError extends Error {
  override name = 'CutOffError';
}

/** What a wrapper does around each call: `before` may throw instead of it, `after` may throw although it was done. */
interface Around {
  before?(operation: Operation, name: string): void;
  after?(operation: Operation, name: string): void;
  bytes?(name: string, bytes: AsyncIterable<Uint8Array>, range?: ByteRange): AsyncIterable<Uint8Array>;
}

class WrappedTarget implements Target {
  readonly label: string;
  readonly #target: Target;
  readonly #around: Around;

  constructor(target: Target, around: Around) {
    this.label = target.label;
    this.#target = target;
    this.#around = around;
  }

  async create(options?: CreateOptions): Promise<void> {
    await this.#call('create', '', () => this.#target.create(options));
  }

  async put(name: ObjectName, body: Uint8Array, options?: CallOptions): Promise<void> {
    await this.#call('put', name, () => this.#target.put(name, body, options));
  }

  async replace(name: ObjectName, body: Uint8Array, options?: CallOptions): Promise<void> {
    await this.#call('replace', name, () => this.#target.replace(name, body, options));
  }

  async stat(name: ObjectName, options?: CallOptions): Promise<ObjectInfo | undefined> {
    return await this.#call('stat', name, () => this.#target.stat(name, options));
  }

  async remove(name: ObjectName, options?: CallOptions): Promise<void> {
    await this.#call('remove', name, () => this.#target.remove(name, options));
  }

  async *get(name: ObjectName, range?: ByteRange, options?: CallOptions): AsyncIterable<Uint8Array> {
    const bytes = this.#target.get(name, range, options);
    yield* this.#stream('get', name, this.#around.bytes?.(name, bytes, range) ?? bytes);
  }

  async *list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo> {
    yield* this.#stream('list', prefix, this.#target.list(prefix, options));
  }

  async *listFolders(prefix: string, options?: CallOptions): AsyncIterable<string> {
    yield* this.#stream('listFolders', prefix, this.#target.listFolders(prefix, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target[Symbol.asyncDispose]();
  }

  async #call<T>(operation: Operation, name: string, action: () => Promise<T>): Promise<T> {
    this.#around.before?.(operation, name);
    const result = await action();
    this.#around.after?.(operation, name);
    return result;
  }

  async *#stream<T>(operation: Operation, name: string, items: AsyncIterable<T>): AsyncIterable<T> {
    this.#around.before?.(operation, name);
    yield* items;
    this.#around.after?.(operation, name);
  }
}

/** A target whose calls fail as planned. Faults of one plan count their calls apart. */
export function faulty(target: Target, plan: readonly Fault[]): Target {
  const counted = plan.map((fault) => ({fault, calls: 0, now: false}));
  return new WrappedTarget(target, {
    before(operation, name) {
      for (const entry of counted) {
        const {fault} = entry;
        if (fault.operation !== operation || fault.matching?.test(name) === false) continue;
        entry.calls += 1;
        const {how = 'once'} = fault;
        const isDue = how === 'forever' ? entry.calls >= fault.call : entry.calls === fault.call;
        if (isDue && how !== 'afterDoing') throw faultError(fault, operation, name);
        entry.now = isDue;
      }
    },
    after(operation, name) {
      for (const entry of counted) {
        const {fault} = entry;
        if (!entry.now || fault.operation !== operation || fault.matching?.test(name) === false) continue;
        entry.now = false;
        throw faultError(fault, operation, name);
      }
    },
  });
}

function faultError({error}: Fault, operation: Operation, name: string): Error {
  return error?.() ?? new TargetError(`Planned fault: ${operation} ${name}.`, {transient: true});
}

/** A target that takes `puts` objects (`put` and `replace`); then every call throws {@link CutOffError}. */
export function cutOff(target: Target, puts: number): Target {
  let left = puts;
  let isCut = false;
  return new WrappedTarget(target, {
    before(operation, name) {
      if (operation === 'put' || operation === 'replace') {
        isCut ||= left === 0;
        left -= 1;
      }
      if (isCut)
        throw new CutOffError(`The target was cut off after ${puts} puts, before ${operation} ${name}.`);
    },
  });
}

/** A target that keeps a log of what was asked of it, in order. */
export function recording(target: Target): {readonly target: Target; readonly calls: RecordedCall[]} {
  const calls: RecordedCall[] = [];
  const open = (operation: Operation, name: string) =>
    calls.findLast((call) => call.operation === operation && call.name === name && !call.done);
  const wrapped = new WrappedTarget(target, {
    before(operation, name) {
      calls.push({operation, name, sizeBytes: 0, done: false});
    },
    after(operation, name) {
      const call = open(operation, name);
      if (call) call.done = true;
    },
    async *bytes(name, bytes) {
      for await (const piece of bytes) {
        const call = open('get', name);
        if (call) call.sizeBytes += piece.length;
        yield piece;
      }
    },
  });
  const put = wrapped.put.bind(wrapped);
  const replace = wrapped.replace.bind(wrapped);
  wrapped.put = (name, body, options) => sized('put', name, body, put(name, body, options));
  wrapped.replace = (name, body, options) => sized('replace', name, body, replace(name, body, options));
  async function sized(
    operation: Operation,
    name: string,
    body: Uint8Array,
    call: Promise<void>,
  ): Promise<void> {
    const entry = open(operation, name); // `before` ran at once, in the call.
    if (entry) entry.sizeBytes = body.length;
    await call;
  }
  return {target: wrapped, calls};
}

/** A target that ends the content of matching objects after `keepBytes`, without an error. */
export function truncating(target: Target, matching: RegExp, keepBytes: number): Target {
  return new WrappedTarget(target, {
    async *bytes(name, bytes) {
      if (!matching.test(name)) return yield* bytes;
      let left = keepBytes;
      for await (const piece of bytes) {
        if (piece.length >= left) return yield piece.subarray(0, left);
        left -= piece.length;
        yield piece;
      }
    },
  });
}

/** A target that flips one bit of matching objects, at byte `at` of the object; whatever the range asks for. */
export function wrongBytes(target: Target, matching: RegExp, at: number): Target {
  return new WrappedTarget(target, {
    async *bytes(name, bytes, range) {
      let position = range?.offset ?? 0;
      for await (const piece of bytes) {
        const index = at - position;
        const byte = piece[index];
        if (matching.test(name) && byte !== undefined) piece[index] = byte ^ 0x10;
        position += piece.length;
        yield piece;
      }
    },
  });
}

/** A target that yields `added` behind the content of matching objects. */
export function appending(target: Target, matching: RegExp, added: Uint8Array): Target {
  return new WrappedTarget(target, {
    async *bytes(name, bytes) {
      yield* bytes;
      if (matching.test(name)) yield added;
    },
  });
}
