import type { Command } from '@oclif/core';
import type { Config } from '../config/config.ts';
import type { Problem } from '../repository/chain.ts';
import type { History, SourceHistory } from '../repository/history.ts';
import type { CheckedSeal } from '../repository/seal.ts';
import { BaseCommand } from './base-command.ts';
import { CliContext, type ContextFlags } from './context.ts';
export declare const repositoryIdFlag: {
    'repository-id': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
};
/** Which repository is meant and whose signatures count, beside what this machine remembers. */
export declare const trustFlags: {
    'repository-id': import("@oclif/core/interfaces").OptionFlag<string | undefined, import("@oclif/core/interfaces").CustomOptions>;
    agent: import("@oclif/core/interfaces").OptionFlag<string[] | undefined, import("@oclif/core/interfaces").CustomOptions>;
};
/** A command that works on a repository. */
export declare abstract class RepositoryCommand extends BaseCommand {
    static baseFlags: Command.Class['baseFlags'] & typeof BaseCommand.baseFlags;
    protected open(flags: ContextFlags): Promise<CliContext>;
    /** The snapshot that is meant, with its source's history. Problems of the history are warnings, and the exit code tells. */
    protected select(history: History, reference: string): {
        seal: CheckedSeal;
        source: SourceHistory;
    };
    /** Refuses a name that neither the repository nor the config knows: an empty answer would look like an empty history. */
    protected checkSources(names: readonly string[] | undefined, { sources }: History, config: Config | undefined): void;
    protected warnOf(problems: readonly Problem[]): void;
}
