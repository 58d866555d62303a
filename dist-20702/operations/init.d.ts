import type { Recipient } from '../crypto/keys.ts';
import { type Agent } from '../repository/agent.ts';
import { type ExpectedRepository, type Repository } from '../repository/repository.ts';
import { type Target } from '../targets/target.ts';
export interface InitOptions {
    readonly recipients: readonly Recipient[];
    /** Where this machine's key goes, once the repository's id is known. */
    agentPath(repositoryId: string): string;
    /** The repository that was at this place before, if it is known. */
    readonly expected?: ExpectedRepository | undefined;
    /** Make the container or bucket, too, if it is not there. */
    readonly createContainer?: boolean;
    /** Enrol in a repository that another machine made: its VM was lost. */
    readonly join: boolean;
    now(): Date;
}
export interface Initialized {
    readonly repository: Repository;
    readonly agent: Agent;
    readonly agentPath: string;
    /** False if the repository was there already. */
    readonly created: boolean;
    /** Fingerprints of the agents that wrote to the repository before. */
    readonly otherAgents: readonly string[];
}
/**
 * @throws {@link UsageError} if there is a repository of another machine and `join` was not asked for; {@link KeyError};
 *   NoRepositoryError if another one is there than is expected, or none where one is pinned
 */
export declare function initRepository(target: Target, options: InitOptions): Promise<Initialized>;
/**
 * Writes a file that only its owner may read, and that was not there before. Under its name it is whole and on the disk, or not
 * there: half a key would stop every later run.
 */
export declare function writePrivateFile(path: string, content: string | Uint8Array): void;
