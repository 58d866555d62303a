import type {Command} from '@oclif/core';
import {Flags} from '@oclif/core';
import type {Config} from '../config/config.ts';
import {nearest} from '../config/nearest.ts';
import {EXIT, NotFoundError} from '../errors.ts';
import type {BrowseContext} from '../operations/browse.ts';
import {damagedObjects, type MetDamage} from '../operations/damaged-objects.ts';
import {lastGood} from '../operations/suspicion.ts';
import type {Problem} from '../repository/chain.ts';
import type {History, SourceHistory} from '../repository/history.ts';
import type {OpenedGeneration} from '../repository/open-snapshot.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import {selectSnapshot} from '../repository/snapshots.ts';
import {BaseCommand} from './base-command.ts';
import type {ContextFlags, ContextOptions} from './chosen-config.ts';
import {CliContext} from './context.ts';
import {counted, formatBytes} from './output.ts';
import {toldProblems} from './problems.ts';

/** Damaged objects that are named; with --json, and by `verify`, all are. */
const DAMAGE_SHOWN = 20;

export const repositoryIdFlag = {
  'repository-id': Flags.string({
    helpValue: 'ID',
    description:
      'the repository that must be there; needed once when another one was put at an address on purpose',
    helpGroup: 'GLOBAL',
  }),
};

/** Which repository is meant and whose signatures count, beside what this machine remembers. */
export const trustFlags = {
  agent: Flags.string({
    multiple: true,
    helpValue: 'FINGERPRINT',
    description:
      'trust this agent, too; needed at the first contact with a repository that several machines wrote to',
    helpGroup: 'GLOBAL',
  }),
  operator: Flags.string({
    multiple: true,
    helpValue: 'FINGERPRINT',
    description: 'believe the drill reports, marks and pins of this operator, too',
    helpGroup: 'GLOBAL',
  }),
  ...repositoryIdFlag,
};

/** A command that works on a repository. */
export abstract class RepositoryCommand extends BaseCommand {
  static override baseFlags: Command.Class['baseFlags'] & typeof BaseCommand.baseFlags = {
    ...BaseCommand.baseFlags,
    ...trustFlags,
  };

  protected open(flags: ContextFlags): Promise<CliContext> {
    return CliContext.open(this.contextOptions(flags));
  }

  /** In the first of several places that can be used. */
  protected openSomewhere(flags: ContextFlags): Promise<CliContext> {
    return CliContext.openSomewhere(this.contextOptions(flags));
  }

  protected contextOptions(flags: ContextFlags): ContextOptions {
    return {flags, env: process.env, cwd: process.cwd(), output: this.output, signal: this.signal};
  }

  /** The snapshot that is meant, with its source's history. Problems of the history are warnings, and the exit code tells. */
  protected select(history: History, reference: string): {seal: CheckedSeal; source: SourceHistory} {
    this.warnOf(history.problems);
    const seal = selectSnapshot(history, reference);
    const source = history.sources.find(({source}) => source === seal.source) as SourceHistory;
    if (seal.suspect !== undefined) {
      const good = lastGood({seals: source.seals.filter(({sequence}) => sequence < seal.sequence)});
      this.warn(
        `Snapshot ${seal.snapshot.id} is suspect (${seal.suspect.join(', ')})${good === undefined ? '' : `; the last good one before it is ${good.snapshot.id}`}.`,
      );
    }
    return {seal, source};
  }

  /** Refuses a name that neither the repository nor the config knows: an empty answer would look like an empty history. */
  protected checkSources(
    names: readonly string[] | undefined,
    {sources}: History,
    config: Config | undefined,
  ): void {
    const known = [...new Set([...sources.map(({source}) => source), ...(config?.sources.keys() ?? [])])];
    for (const name of names ?? []) {
      if (known.includes(name)) continue;
      const near = nearest(name, known);
      throw new NotFoundError(`There is no source "${name}".`, {
        hint: near
          ? `Did you mean "${near}"?`
          : known.length > 0
            ? `There are ${known.join(', ')}.`
            : 'The repository has no snapshots yet.',
      });
    }
  }

  readonly #opened: OpenedGeneration[] = [];

  /** For what looks into snapshots: how it tells of damage. */
  protected readonly salvaging: Pick<BrowseContext, 'onOpened' | 'onSalvage'> = {
    onOpened: (opened) => this.#opened.push(opened),
    onSalvage: ({packs: {done, total}, bytes}) => {
      if (done === 0)
        this.logToStderr(
          `Looking into ${counted(total, 'pack')} (${formatBytes(bytes.total)}) that no index object describes.`,
        );
    },
  };

  /** Tells what was found to be damaged while snapshots were looked into. */
  protected warnOfDamage(
    objects: readonly MetDamage[] = this.#opened.flatMap((opened) => damagedObjects(opened)),
  ): void {
    const shown = objects.slice(0, DAMAGE_SHOWN);
    this.warnOf(shown.map((damaged) => ({...damaged, affects: []})));
    if (objects.length > shown.length) this.warn(`and ${objects.length - shown.length} more damaged objects`);
    if (objects.length > 0)
      this.logToStderr(
        'Hint: "holdfast verify" shows which snapshots need them. Fetch them from another copy if there is one.',
      );
  }

  protected warnOf(problems: readonly Problem[]): void {
    for (const {object, problem} of toldProblems(problems)) this.warn(`${object}: ${problem}`);
    if (problems.length > 0) this.endWith(EXIT.notVerified);
  }
}
