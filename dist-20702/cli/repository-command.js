import { Flags } from '@oclif/core';
import { nearest } from '../config/nearest.js';
import { EXIT, NotFoundError } from '../errors.js';
import { selectSnapshot } from '../repository/snapshots.js';
import { BaseCommand } from './base-command.js';
import { CliContext } from './context.js';
import { toldProblems } from './problems.js';
export const repositoryIdFlag = {
    'repository-id': Flags.string({
        helpValue: 'ID',
        description: 'the repository that must be there; needed once when another one was put at an address on purpose',
        helpGroup: 'GLOBAL',
    }),
};
/** Which repository is meant and whose signatures count, beside what this machine remembers. */
export const trustFlags = {
    agent: Flags.string({
        multiple: true,
        helpValue: 'FINGERPRINT',
        description: 'trust this agent, too; needed at the first contact with a repository that several machines wrote to',
        helpGroup: 'GLOBAL',
    }),
    ...repositoryIdFlag,
};
/** A command that works on a repository. */
export class RepositoryCommand extends BaseCommand {
    static baseFlags = {
        ...BaseCommand.baseFlags,
        ...trustFlags,
    };
    open(flags) {
        return CliContext.open({
            flags,
            env: process.env,
            cwd: process.cwd(),
            output: this.output,
            signal: this.signal,
        });
    }
    /** The snapshot that is meant, with its source's history. Problems of the history are warnings, and the exit code tells. */
    select(history, reference) {
        this.warnOf(history.problems);
        const seal = selectSnapshot(history, reference);
        return { seal, source: history.sources.find(({ source }) => source === seal.source) };
    }
    /** Refuses a name that neither the repository nor the config knows: an empty answer would look like an empty history. */
    checkSources(names, { sources }, config) {
        const known = [...new Set([...sources.map(({ source }) => source), ...(config?.sources.keys() ?? [])])];
        for (const name of names ?? []) {
            if (known.includes(name))
                continue;
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
    warnOf(problems) {
        for (const { object, problem } of toldProblems(problems))
            this.warn(`${object}: ${problem}`);
        if (problems.length > 0)
            this.endWith(EXIT.notVerified);
    }
}
