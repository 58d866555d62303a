import type {Command} from '@oclif/core';
import {Flags} from '@oclif/core';
import type {Config} from '../config/config.ts';
import {nearest} from '../config/nearest.ts';
import {EXIT, NotFoundError} from '../errors.ts';
import {lastGood} from '../operations/suspicion.ts';
import type {Problem} from '../repository/chain.ts';
import type {History, SourceHistory} from '../repository/history.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import {selectSnapshot} from '../repository/snapshots.ts';
import {BaseCommand} from './base-command.ts';
import type {ContextFlags, ContextOptions} from './chosen-config.ts';
import {CliContext} from './context.ts';
import {toldProblems} from './problems.ts';

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

  protected warnOf(problems: readonly Problem[]): void {
    for (const {object, problem} of toldProblems(problems)) this.warn(`${object}: ${problem}`);
    if (problems.length > 0) this.endWith(EXIT.notVerified);
  }
}
