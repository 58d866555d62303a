/**
 * What a monitor remembers of the machines below a prefix: who was there, who signs for them, and what their newest seal and report said.
 * Without it, a machine that is gone could not be missed; and what was read once need not be read again, for objects never change.
 */
import {Fields, FormatError} from '../../repository/fields.ts';
import {memoryUnusable, readMemory, writeMemory} from '../../repository/memory-file.ts';

/** What the newest seal of a source said. */
export interface RememberedSource {
  /** The name of its object. */
  readonly object: string;
  readonly sequence: number;
  readonly hash: string;
  readonly finished: string;
  /** When the newest snapshot that is not suspect was finished; null if none is known. */
  readonly lastGood: string | null;
  readonly suspect: readonly string[];
  readonly bytes: number;
  /** Median time between two snapshots, in ms; null while there were too few. */
  readonly everyMs: number | null;
}

/** What the newest drill reports said. */
export interface RememberedDrills {
  /** The name of the newest report that was read; empty if none was. */
  readonly newest: string;
  /** By source: when it was last proven. */
  readonly proven: Readonly<Record<string, string>>;
  /** By source: the id of its newest drill, where that failed. */
  readonly failed: Readonly<Record<string, string>>;
}

export interface RememberedMachine {
  /** The id of its repository. */
  readonly repository: string;
  /** When it was there for the last time. */
  readonly seen: string;
  /** Armored keys by fingerprint: whose seals count. */
  readonly agents: Readonly<Record<string, string>>;
  /** The same for drill reports. */
  readonly operators: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, RememberedSource>>;
  readonly drills: RememberedDrills;
}

export const NO_DRILLS: RememberedDrills = {newest: '', proven: {}, failed: {}};

/** One file for each prefix. */
export class FleetMemory {
  readonly #path: string;
  readonly #address: string;
  #machines: Map<string, RememberedMachine>;

  /**
   * @param address the label of the target at the prefix
   * @throws CatalogError if the file is there but unusable
   */
  constructor(path: string, address: string) {
    this.#path = path;
    this.#address = address;
    this.#machines = this.#read();
  }

  get machines(): ReadonlyMap<string, RememberedMachine> {
    return this.#machines;
  }

  /** From now on these are the machines. */
  replace(machines: ReadonlyMap<string, RememberedMachine>): void {
    writeMemory(this.#path, {address: this.#address, machines: Object.fromEntries(machines)});
    this.#machines = new Map(machines);
  }

  #read(): Map<string, RememberedMachine> {
    const text = readMemory(this.#path);
    if (text === undefined) return new Map();
    try {
      const fields = Fields.parse(text);
      if (fields.text('address') !== this.#address) throw new FormatError('it is of another address');
      const {machines} = JSON.parse(text) as {machines: Record<string, unknown>};
      return new Map(Object.entries(machines).map(([name, raw]) => [name, readMachine(raw)]));
    } catch (cause) {
      throw memoryUnusable(this.#path, cause);
    }
  }
}

function readMachine(raw: unknown): RememberedMachine {
  const machine = new Fields(raw);
  const {agents, operators, sources, drills} = raw as Record<string, object>;
  const proof = machine.object('drills');
  const {proven, failed} = drills as Record<string, object>;
  return {
    repository: machine.text('repository'),
    seen: machine.time('seen'),
    agents: texts(agents),
    operators: texts(operators),
    sources: Object.fromEntries(Object.entries(sources ?? {}).map(([name, one]) => [name, readSource(one)])),
    drills: {newest: proof.text('newest'), proven: texts(proven), failed: texts(failed)},
  };
}

function readSource(raw: unknown): RememberedSource {
  const source = new Fields(raw);
  return {
    object: source.text('object'),
    sequence: source.count('sequence'),
    hash: source.hash('hash'),
    finished: source.time('finished'),
    lastGood: source.has('lastGood') ? source.time('lastGood') : null,
    suspect: source.texts('suspect', 100),
    bytes: source.count('bytes'),
    everyMs: source.has('everyMs') ? source.count('everyMs') : null,
  };
}

function texts(raw: object | undefined): Record<string, string> {
  const fields = new Fields(raw);
  return Object.fromEntries(Object.keys(raw ?? {}).map((name) => [name, fields.text(name)]));
}
