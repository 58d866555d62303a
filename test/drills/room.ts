/** A drill machine: it has the private key, and of the machine that is backed up nothing but the repository. */
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {PrivateKey} from 'openpgp';
import {afterEach, beforeEach, expect} from 'vitest';
import {type DrillContext, type DrillPlan, draftReport, runDrill} from '../../src/operations/drill/drill.ts';
import {openOperator} from '../../src/operations/drill/operator.ts';
import {type Picked, pickSnapshots} from '../../src/operations/drill/pick.ts';
import {type DrillRecord, localRecord} from '../../src/operations/drill/records.ts';
import {Workplace} from '../../src/operations/drill/workplace.ts';
import {type DrillHistory, readDrills} from '../../src/repository/drill-history.ts';
import {trustedOperators} from '../../src/repository/operators.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import {Machine} from '../support/machine.ts';

/** A machine that is backed up and a room for its drills, new for each test; every drill must remove what it made. */
export function useDrillRoom(prepare: (machine: Machine) => Promise<unknown> = async () => undefined): {
  readonly machine: Machine;
  readonly room: DrillRoom;
} {
  let machine: Machine;
  let room: DrillRoom;
  beforeEach(async () => {
    machine = await Machine.create();
    chmodSync(machine.folder, 0o711); // Throwaway servers run as users of their own.
    room = new DrillRoom(machine);
    await prepare(machine);
  });
  afterEach(async () => {
    expect(room.leftBehind).toEqual([]);
    expect(processesIn(room.work)).toEqual([]);
    await machine[Symbol.asyncDispose]();
  });
  return {
    get machine() {
      return machine;
    },
    get room() {
      return room;
    },
  };
}

/** Backs up a folder with one file. */
export async function backupOneFile(machine: Machine): Promise<void> {
  writeFileSync(join(machine.source, 'file'), 'content');
  await machine.backup();
}

export class DrillRoom {
  readonly machine: Machine;
  readonly records: string;
  readonly work: string;
  readonly #trust: string;
  #operator: PrivateKey | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
    this.records = join(machine.folder, 'drill-state', 'drills');
    this.work = join(machine.folder, 'drill-work');
    this.#trust = join(machine.folder, 'drill-state', 'seen.json');
    mkdirSync(this.work, {mode: 0o755});
  }

  async operator(): Promise<PrivateKey> {
    this.#operator ??= await openOperator(join(this.records, '..', 'operator.asc'), new Date());
    return this.#operator;
  }

  async context(overrides: Partial<DrillContext> = {}): Promise<DrillContext> {
    const {repository, agents} = await this.machine.elsewhere();
    return {
      repository,
      agents,
      key: this.machine.privateKey,
      operator: await this.operator(),
      records: this.records,
      workFolder: this.work,
      host: 'drill-host',
      searchPath: process.env['PATH'] ?? '',
      tools: [['holdfast', 'test']],
      now: () => new Date(),
      publish: true,
      ...overrides,
    };
  }

  /** Runs the drills of one source, or of several together. */
  async run(
    sources: string | readonly string[],
    plan: Partial<DrillPlan> & {readonly snapshot?: string} = {},
    overrides: Partial<DrillContext> = {},
  ): Promise<DrillRecord[]> {
    const context = await this.context(overrides);
    const {snapshot = 'latest', ...rest} = plan;
    const drills: DrillRecord[] = [];
    for (const picked of await this.pick(sources, snapshot))
      drills.push(await runDrill(context, planOf(rest), picked));
    return drills;
  }

  async pick(sources: string | readonly string[], snapshot: string): Promise<Picked[][]> {
    const {history} = await this.machine.elsewhere();
    return pickSnapshots(history, {
      snapshot,
      sources: typeof sources === 'string' ? [sources] : sources,
      now: new Date(),
      random: () => 0.5,
    });
  }

  /** The reports as a machine sees them that was told to believe this operator. */
  async drills(): Promise<DrillHistory> {
    const {repository} = await this.machine.elsewhere();
    const fingerprint = (await this.operator()).getFingerprint();
    const {keys} = await trustedOperators(repository, new TrustFile(this.#trust, repository.id), {
      approved: [fingerprint],
    });
    return readDrills(repository, keys);
  }

  /** What is there that a drill should have removed. */
  get leftBehind(): string[] {
    const notes = existsSync(this.records)
      ? readdirSync(this.records).filter((name) => name.includes('running'))
      : [];
    return [...readdirSync(this.work), ...notes];
  }

  /** A place for a server that is there before a drill begins, and after it. */
  async givenPlace(): Promise<Workplace> {
    const context = await this.context();
    const notes = join(this.machine.folder, 'given-state');
    return Workplace.create(notes, this.machine.folder, draftReport(context, {name: '', scope: 'whole'}, []));
  }

  record(id: string): DrillRecord | undefined {
    return localRecord(this.records, id);
  }

  /** Takes the first pack away that the newest snapshot of a source added. */
  async losePack(source: string): Promise<void> {
    const {history} = await this.machine.elsewhere();
    const seal = history.sources.find((one) => one.source === source)?.seals.at(-1);
    const packs = join(this.machine.repositoryFolder, source, seal?.generation ?? '', 'packs');
    for (const folder of readdirSync(packs)) rmSync(join(packs, folder), {recursive: true});
  }
}

export function planOf(plan: Partial<DrillPlan>): DrillPlan {
  return {
    name: '',
    sample: undefined,
    matters: [],
    programs: undefined,
    into: undefined,
    work: undefined,
    checks: [],
    rtoMs: undefined,
    rpoMs: undefined,
    ...plan,
  };
}

/** The checks of a drill that failed, with all that is known of them. */
export function failures({
  report,
  details,
}: DrillRecord): {name: string; detail: string; more: readonly string[]}[] {
  return report.checks.flatMap(({name, ok, detail}, index) =>
    ok ? [] : [{name, detail, more: details[index] ?? []}],
  );
}

/** The command lines of programs that have a folder among their arguments. */
export function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // It has ended.
      }
    })
    .filter((words) => words.includes(folder));
}
