/** How one machine below a prefix stands: its sources, and what drills said of them. */

import type {PublicKey} from 'openpgp';
import * as openpgp from 'openpgp';
import pMap from 'p-map';
import {UnknownSignerError} from '../../crypto/message.ts';
import {DamageError, HoldfastError} from '../../errors.ts';
import {storedAgents} from '../../repository/agents.ts';
import {type CheckedReport, REPORT_MOST_BYTES, readReport} from '../../repository/drill-report.ts';
import {DRILLS_PREFIX, isDrillId, isSourceName, OPERATORS_PREFIX} from '../../repository/layout.ts';
import {storedOperators} from '../../repository/operators.ts';
import type {Repository} from '../../repository/repository.ts';
import {readObject} from '../../targets/read.ts';
import {ObjectMissingError} from '../../targets/target.ts';
import {NO_DRILLS, type RememberedDrills, type RememberedMachine, type RememberedSource} from './memory.ts';
import {readFleetSource, type SourceReading} from './read-source.ts';

export interface MachineReading {
  readonly sources: ReadonlyMap<string, SourceReading>;
  readonly drills: RememberedDrills;
  /** What is wrong with what is stored, beside what is of one source. */
  readonly tampered: readonly string[];
  readonly memory: RememberedMachine;
}

export interface MachineOptions {
  /** Fingerprints of agents and operators to believe, beside those that were met first. */
  readonly approved: readonly string[];
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

/** Reports that are read of a machine that is met for the first time. */
const REPORTS_MOST = 12;
const SOURCES_AT_ONCE = 4;

export async function readMachine(
  repository: Repository,
  remembered: RememberedMachine | undefined,
  options: MachineOptions,
): Promise<MachineReading> {
  const {now, signal} = options;
  const {target} = repository;
  const known = remembered?.repository === repository.id ? remembered : undefined;
  const tampered: string[] = [];
  if (remembered !== undefined && known === undefined)
    tampered.push(
      `another repository (${repository.id}) is in the place of ${remembered.repository}; if that is meant, --forget the machine`,
    );
  const agents = new Believed(
    known?.agents ?? {},
    options,
    async () => (await storedAgents(repository)).found,
  );
  const operators = new Believed(known?.operators ?? {}, options, () => storedOperators(repository));
  const names = new Set(Object.keys(known?.sources ?? {}));
  for await (const name of target.listFolders('', {signal})) if (isSourceName(name)) names.add(name);
  const read = await pMap(
    [...names].sort(),
    async (source) => {
      const place = {repository, source, agents: () => agents.keys(), signal};
      return [source, await readFleetSource(place, known?.sources[source])] as const;
    },
    {concurrency: SOURCES_AT_ONCE},
  );
  const sources = new Map(read);
  const drills = await readNewestDrills(
    repository,
    operators,
    known?.drills ?? NO_DRILLS,
    [...names],
    tampered,
    signal,
  );
  return {
    sources,
    drills,
    tampered,
    memory: {
      repository: repository.id,
      seen: now.toISOString(),
      agents: agents.armored,
      operators: operators.armored,
      sources: {...known?.sources, ...newestOf(sources)},
      drills,
    },
  };
}

/** What to remember: a source whose seals are gone, or older, is measured by the newest that was seen. */
function newestOf(sources: ReadonlyMap<string, SourceReading>): Record<string, RememberedSource> {
  return Object.fromEntries(
    [...sources].flatMap(([name, {newest, tampered}]) =>
      newest === undefined || tampered.length > 0 ? [] : [[name, newest]],
    ),
  );
}

/** Whose signatures count: whoever was there when the monitor met the machine, and who was approved since. Looked up when needed. */
class Believed {
  armored: Readonly<Record<string, string>>;
  readonly #approved: readonly string[];
  readonly #stored: () => Promise<ReadonlyMap<string, PublicKey>>;
  #keys: Promise<PublicKey[]> | undefined;

  constructor(
    armored: Readonly<Record<string, string>>,
    {approved}: MachineOptions,
    stored: () => Promise<ReadonlyMap<string, PublicKey>>,
  ) {
    this.armored = armored;
    this.#approved = approved;
    this.#stored = stored;
  }

  keys(): Promise<PublicKey[]> {
    this.#keys ??= this.#load();
    return this.#keys;
  }

  async #load(): Promise<PublicKey[]> {
    const before = Object.values(this.armored);
    const isFirst = before.length === 0;
    const taken: [string, PublicKey][] = [];
    if (isFirst || this.#approved.some((fingerprint) => this.armored[fingerprint] === undefined)) {
      for (const [fingerprint, key] of await this.#stored())
        if (isFirst || (this.#approved.includes(fingerprint) && this.armored[fingerprint] === undefined))
          taken.push([fingerprint, key]);
      const armored = taken.map(([fingerprint, key]) => [fingerprint, key.armor()]);
      this.armored = {...this.armored, ...Object.fromEntries(armored)};
    }
    const known = await Promise.all(before.map((armoredKey) => openpgp.readKey({armoredKey})));
    return [...known, ...taken.map(([, key]) => key)];
  }
}

/** Reads the reports that are newer than those that were read before, newest first, until every source is proven by one. */
async function readNewestDrills(
  repository: Repository,
  operators: Believed,
  before: RememberedDrills,
  sources: readonly string[],
  tampered: string[],
  signal: AbortSignal | undefined,
): Promise<RememberedDrills> {
  const names: string[] = [];
  for await (const {name} of repository.target.list(DRILLS_PREFIX, {signal})) {
    const id = name.slice(DRILLS_PREFIX.length, -'.asc'.length);
    if (!name.startsWith(OPERATORS_PREFIX) && isDrillId(id) && mayBeNewer(name, before.newest))
      names.push(name);
  }
  const [newest = before.newest] = names.sort().reverse();
  const last = new Map<string, string | null>();
  const proven = new Map<string, string>();
  for (const name of names.slice(0, REPORTS_MOST)) {
    if (sources.every((source) => proven.has(source) && last.has(source))) break;
    const report = await readOne(repository, operators, name, signal);
    if (typeof report === 'string') {
      tampered.push(`${name}: ${report}`);
      continue;
    }
    for (const {source} of report.subjects) {
      if (!last.has(source) && report.result !== 'aborted')
        last.set(source, report.result === 'failed' ? report.id : null);
      if (!proven.has(source) && report.result === 'passed' && report.scope === 'whole')
        proven.set(source, report.finished);
    }
  }
  const failed = Object.entries({...before.failed, ...Object.fromEntries(last)});
  return {
    newest,
    proven: {...before.proven, ...Object.fromEntries(proven)},
    failed: Object.fromEntries(failed.flatMap(([source, id]) => (id === null ? [] : [[source, id]]))),
  };
}

/** Names begin with the second of the drill; within one, they are in no order. */
function mayBeNewer(name: string, newest: string): boolean {
  const second = DRILLS_PREFIX.length + '20261120T023000Z'.length;
  return name !== newest && name.slice(0, second) >= newest.slice(0, second);
}

/** The report, or what is wrong with it. */
async function readOne(
  {target, id}: Repository,
  operators: Believed,
  name: string,
  signal: AbortSignal | undefined,
): Promise<CheckedReport | string> {
  try {
    const bytes = await readObject(target, name, {maxBytes: REPORT_MOST_BYTES, signal});
    const report = await readReport(bytes, await operators.keys());
    if (report.repository !== id) return 'it belongs to another repository';
    return name.endsWith(`/${report.id}.asc`) ? report : `it is the report of drill ${report.id}`;
  } catch (error) {
    if (error instanceof ObjectMissingError) return 'it is missing';
    if (error instanceof HoldfastError && !(error instanceof DamageError)) throw error;
    if (error instanceof UnknownSignerError)
      return `it is signed by operator ${error.keyId}, who is not approved here`;
    return (error as Error).message.replace(`${name}: `, '');
  }
}
