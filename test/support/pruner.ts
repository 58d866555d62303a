/** Who prunes: another machine than the one that backs up, with a memory and a key of its own, and no catalog. */
import {join} from 'node:path';
import type {PrivateKey} from 'openpgp';
import type {Retention} from '../../src/config/retention.ts';
import {openOperator} from '../../src/operations/drill/operator.ts';
import {setPin} from '../../src/operations/pin.ts';
import {
  type PruneContext,
  type PruneOptions,
  type PrunePlan,
  type PruneResult,
  planPrune,
  prune,
} from '../../src/operations/prune/prune.ts';
import {type RepackOptions, type RepackResult, repack} from '../../src/operations/prune/repack.ts';
import {trustedAgents} from '../../src/repository/agents.ts';
import {readDrills} from '../../src/repository/drill-history.ts';
import {type History, readHistory} from '../../src/repository/history.ts';
import {trustedOperators} from '../../src/repository/operators.ts';
import {openRepository} from '../../src/repository/repository.ts';
import {selectSnapshot} from '../../src/repository/snapshots.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import type {Target} from '../../src/targets/target.ts';
import type {Machine} from './machine.ts';
import {DAY_MS} from './simulated-time.ts';

export class Pruner {
  readonly machine: Machine;
  readonly #folder: string;

  constructor(machine: Machine, name = 'pruner') {
    this.machine = machine;
    this.#folder = join(machine.folder, name);
  }

  operator(): Promise<PrivateKey> {
    return openOperator(join(this.#folder, 'operator.asc'), new Date());
  }

  async trust(): Promise<TrustFile> {
    const trust = new TrustFile(join(this.#folder, 'seen.json'), this.machine.repository.id);
    trust.operatorsOfRun = {approved: [(await this.operator()).getFingerprint()]};
    return trust;
  }

  async look(target: Target = this.machine.target): Promise<{context: PruneContext; history: History}> {
    const repository = await openRepository(target);
    const trust = await this.trust();
    const agents = (await trustedAgents(repository, trust)).keys;
    const history = await readHistory(repository, agents, trust);
    const {keys} = await trustedOperators(repository, trust);
    const context: PruneContext = {
      repository,
      trust,
      agents,
      drills: (await readDrills(repository, keys)).reports,
      host: 'pruner',
      operator: () => this.operator(),
      now: this.machine.now,
    };
    return {context, history};
  }

  async plan(retention: Retention | undefined, options: Partial<PruneOptions> = {}): Promise<PrunePlan> {
    const {context, history} = await this.look();
    return planPrune(context, history, {retentionOf: () => retention, graceMs: DAY_MS, ...options});
  }

  async prune(
    retention: Retention,
    options: Partial<PruneOptions> = {},
    target?: Target,
  ): Promise<PruneResult> {
    const {context, history} = await this.look(target);
    return prune(
      context,
      history,
      {retentionOf: () => retention, graceMs: DAY_MS, large: true, ...options},
      {onPlan: () => {}, confirm: async () => true},
    );
  }

  /** Writes anew what is partly dead, whatever little it is. */
  async repack(options: Partial<RepackOptions> = {}, target?: Target): Promise<RepackResult[]> {
    const {context, history} = await this.look(target);
    const {results, problems} = await repack(
      {...context, key: this.machine.privateKey},
      history.sources.map(({source}) => source),
      {threshold: 0.2, ...options},
      {confirm: async () => true},
    );
    if (problems.length > 0) throw new Error(`Not repacked: ${JSON.stringify(problems)}`);
    return results;
  }

  async setPin(reference: string, pinned: boolean): Promise<boolean> {
    const {context, history} = await this.look();
    const seal = selectSnapshot(history, reference);
    const source = history.sources.find((candidate) => candidate.source === seal.source);
    if (source === undefined) throw new Error('The selected seal has no history.');
    return setPin(context, source, seal, pinned);
  }
}

/** Ids of the snapshots that a plan keeps, and of those that it removes. */
export function idsOf({sources}: PrunePlan): {kept: string[]; removed: string[]} {
  return {
    kept: sources.flatMap(({decision}) => decision.kept.map(({seal}) => seal.snapshot.id as string)),
    removed: sources.flatMap(({decision}) => decision.removed.map(({snapshot}) => snapshot.id as string)),
  };
}
