/** A clock that tests set, for machines and for the storage: what a target stores gets its time. */
import type {ObjectInfo, Target} from '../../src/targets/target.ts';

export class SimulatedTime {
  ms = Date.now();
  readonly #written = new Map<string, number>();

  readonly now = (): Date => new Date(this.ms);

  pass(ms: number): void {
    this.ms += ms;
  }

  /** Times of objects are kept here, by name: every wrapped target of one repository shares them. */
  readonly wrap = (target: Target): Target => {
    const dated = (info: ObjectInfo): ObjectInfo => ({
      ...info,
      modifiedMs: this.#written.get(info.name) ?? info.modifiedMs,
    });
    return {
      label: target.label,
      create: (options) => target.create(options),
      put: async (name, body, options) => {
        await target.put(name, body, options);
        this.#written.set(name, this.ms);
      },
      replace: async (name, body, options) => {
        await target.replace(name, body, options);
        this.#written.set(name, this.ms);
      },
      get: (name, range, options) => target.get(name, range, options),
      stat: async (name, options) => {
        const info = await target.stat(name, options);
        return info && dated(info);
      },
      list: async function* (prefix, options) {
        for await (const info of target.list(prefix, options)) yield dated(info);
      },
      listFolders: (prefix, options) => target.listFolders(prefix, options),
      remove: (name, options) => target.remove(name, options),
      [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
    };
  };
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
