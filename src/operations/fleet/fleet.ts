/**
 * How the machines stand whose repositories lie below a common prefix: from the newest seals and drill reports alone, without keys or catalogs
 * (docs/operations.md: many machines).
 */
import pMap from 'p-map';
import {HoldfastError, NoRepositoryError, UsageError} from '../../errors.ts';
import {MARKER} from '../../repository/layout.ts';
import {findRepository} from '../../repository/repository.ts';
import {BelowTarget} from '../../targets/below.ts';
import {isObjectName} from '../../targets/object-name.ts';
import {type Target, TargetError} from '../../targets/target.ts';
import {type FleetLimits, judgeMachine, type MachineStatus, vanishedMachine} from './judge.ts';
import type {RememberedMachine} from './memory.ts';
import {readMachine} from './read-machine.ts';

export interface FleetOptions extends FleetLimits {
  /** What was remembered from the last time. */
  readonly remembered: ReadonlyMap<string, RememberedMachine>;
  /** Machines that there must be, whatever is remembered. */
  readonly expected: readonly string[];
  /** Fingerprints of agents and operators to believe, beside those that were met first. */
  readonly approved: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface FleetStatus {
  readonly prefix: string;
  /** Those with the worst problems first, then by name. */
  readonly machines: readonly MachineStatus[];
  readonly counts: {readonly machines: number; readonly ok: number; readonly problems: number};
  readonly ok: boolean;
}

export interface FleetReading {
  readonly status: FleetStatus;
  /** What to remember for the next time. */
  readonly memory: ReadonlyMap<string, RememberedMachine>;
  /** Machines that were met for the first time. */
  readonly met: readonly string[];
}

/** Requests of one machine come one after the other, so this many machines keep as many connections busy. */
const MACHINES_AT_ONCE = 32;
/** Repositories may lie this many folders deep. */
const DEPTH_MOST = 3;

/**
 * @throws {@link NoRepositoryError} if nothing is there, and nothing is missed; {@link TargetError} if the prefix cannot be listed, or no
 *   machine below it can be read
 */
export async function readFleet(target: Target, options: FleetOptions): Promise<FleetReading> {
  const {remembered, expected} = options;
  if ((await target.stat(MARKER, options)) !== undefined)
    throw new UsageError(`${target.label} is itself a repository.`, {
      hint: 'Name the folder above it; or ask for one with --repository.',
    });
  const machines = new Map<string, MachineStatus>();
  const memory = new Map(remembered);
  const met: string[] = [];
  const errors: TargetError[] = [];
  const visit = async (names: readonly string[], depth: number): Promise<void> => {
    const deeper = await pMap(
      names,
      async (name) => {
        const below = new BelowTarget(target, `${name}/`);
        const found = await lookAt(below, name);
        if (found === 'no repository')
          return depth < DEPTH_MOST ? foldersBelow(target, `${name}/`, options) : [];
        machines.set(name, found);
        return [];
      },
      {concurrency: MACHINES_AT_ONCE},
    );
    if (deeper.flat().length > 0) await visit(deeper.flat(), depth + 1);
  };
  const lookAt = async (below: Target, name: string): Promise<MachineStatus | 'no repository'> => {
    const before = remembered.get(name);
    try {
      const repository = await findRepository(below);
      if (repository === undefined) return 'no repository';
      const reading = await readMachine(repository, before, options);
      if (before === undefined) met.push(name);
      memory.set(name, before !== undefined && before.repository !== repository.id ? before : reading.memory);
      return judgeMachine(name, reading, before, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      // One machine that cannot be read must not hide all others.
      if (!(error instanceof HoldfastError)) throw error;
      if (error instanceof TargetError) errors.push(error);
      return vanishedMachine(name, before, error.message);
    }
  };
  await visit(await foldersBelow(target, '', options), 1);
  const [error] = errors;
  if (error !== undefined && errors.length === machines.size) throw error;
  for (const name of new Set([...remembered.keys(), ...expected]))
    if (!machines.has(name)) machines.set(name, vanishedMachine(name, remembered.get(name)));
  if (machines.size === 0)
    throw new NoRepositoryError(`There is no repository below ${target.label}.`, {
      hint: 'Name the folder, or the prefix, below which each machine has its repository.',
    });
  const sorted = [...machines.values()].sort(
    (a, b) => b.severity - a.severity || (a.machine < b.machine ? -1 : 1),
  );
  const problems = sorted.filter(({ok}) => !ok).length;
  return {
    status: {
      prefix: target.label,
      machines: sorted,
      counts: {machines: sorted.length, ok: sorted.length - problems, problems},
      ok: problems === 0,
    },
    memory,
    met: met.sort(),
  };
}

/** Names that are no folders of ours are passed over: whoever owns the storage may keep there what they like. */
async function foldersBelow(target: Target, prefix: string, {signal}: FleetOptions): Promise<string[]> {
  const names: string[] = [];
  for await (const folder of target.listFolders(prefix, {signal}))
    if (isObjectName(`${prefix}${folder}/${MARKER}`)) names.push(prefix + folder);
  return names;
}
