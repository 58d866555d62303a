/** Numbered crash points (SQLite's loop): before and after every write to the target, before, in and after every transaction of the catalog. */
import {cpSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Catalog} from '../../src/catalog/catalog.ts';
import {FileTarget} from '../../src/targets/file.ts';
import type {Target} from '../../src/targets/target.ts';
import {CutOffError} from './faulty-target.ts';
import type {Machine} from './machine.ts';

export class CrashPoints {
  /** How many points were passed. */
  passed = 0;
  /** Where it crashed; undefined while it runs. */
  crashed: string | undefined;
  readonly #at: number;

  /** @param at the number of the point that crashes, from 1 */
  constructor(at: number) {
    this.#at = at;
  }

  /** Nothing reaches this target once a point has crashed. */
  target(target: Target): Target {
    const write = async (operation: string, name: string, action: () => Promise<void>): Promise<void> => {
      this.#point(`before ${operation} ${name}`);
      await action();
      this.#point(`after ${operation} ${name}`);
    };
    const alive = <T>(value: T): T => {
      this.#refuse();
      return value;
    };
    return {
      label: target.label,
      create: (options) => write('create', '', () => target.create(options)),
      put: (name, body, options) => write('put', name, () => target.put(name, body, options)),
      replace: (name, body, options) => write('replace', name, () => target.replace(name, body, options)),
      remove: (name, options) => write('remove', name, () => target.remove(name, options)),
      get: (name, range, options) => alive(target).get(name, range, options),
      stat: async (name, options) => alive(target).stat(name, options),
      list: (prefix, options) => alive(target).list(prefix, options),
      listFolders: (prefix, options) => alive(target).listFolders(prefix, options),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  /** Changes the catalog that is given. */
  catalog(catalog: Catalog): Catalog {
    const transaction = catalog.transaction.bind(catalog);
    catalog.transaction = <T>(work: () => T): T => {
      this.#point('before a transaction');
      const result = transaction(() => {
        const done = work();
        this.#point('in a transaction');
        return done;
      });
      this.#point('after a transaction');
      return result;
    };
    return catalog;
  }

  #point(where: string): void {
    this.#refuse();
    this.passed += 1;
    if (this.passed !== this.#at) return;
    this.crashed = where;
    this.#refuse();
  }

  #refuse(): void {
    if (this.crashed !== undefined) throw new CutOffError(`Crashed at point ${this.#at}, ${this.crashed}.`);
  }
}

/** What a machine and its repository are now, to go back to. */
export class SavedState {
  readonly #machine: Machine;
  readonly #folder: string;

  constructor(machine: Machine, name = 'saved') {
    this.#machine = machine;
    this.#folder = join(machine.folder, name);
    machine.catalog[Symbol.dispose]();
    for (const part of ['state', 'repository'])
      cpSync(join(machine.folder, part), join(this.#folder, part), {recursive: true});
    machine.openState();
  }

  /** Puts the machine's state (catalog, memory, key) or the repository back, or both; opens what was put back anew. */
  restore(parts: readonly ('state' | 'repository')[] = ['state', 'repository']): void {
    const machine = this.#machine;
    machine.catalog[Symbol.dispose]();
    for (const part of parts) {
      rmSync(join(machine.folder, part), {recursive: true, force: true});
      cpSync(join(this.#folder, part), join(machine.folder, part), {recursive: true});
    }
    machine.target = new FileTarget(machine.repositoryFolder);
    machine.repository = {...machine.repository, target: machine.target};
    machine.openState();
  }
}
