/** Makes a repository and enrols this machine's agent. Run again after an interruption, it completes. */

import {randomBytes} from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {dirname} from 'node:path';
import type {Recipient} from '../crypto/keys.ts';
import {KeyError, UsageError} from '../errors.ts';
import {type Agent, loadAgent, newAgent} from '../repository/agent.ts';
import {enrolAgent} from '../repository/agents.ts';
import {kitFiles} from '../repository/kit.ts';
import {agentObject} from '../repository/layout.ts';
import {
  createRepository,
  type ExpectedRepository,
  findRepository,
  openRepository,
  type Repository,
  refuseOther,
} from '../repository/repository.ts';
import {makeFolders} from '../system/folders.ts';
import {whyFailed} from '../system/system-error.ts';
import {ObjectExistsError, type Target} from '../targets/target.ts';

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
export async function initRepository(target: Target, options: InitOptions): Promise<Initialized> {
  const {recipients, now, join} = options;
  if (recipients.length === 0) {
    throw new UsageError('A repository needs at least one recipient.', {
      hint: 'Make a key pair on a client machine with "holdfast keygen", bring the public half here, and give it with --recipient.',
    });
  }
  const {expected} = options;
  // Where a repository must be, none is made: an unmounted disk looks like an empty place.
  if (expected?.isPinned === true) await openRepository(target, expected);
  await target.create({container: options.createContainer ?? false});
  const found = await findRepository(target);
  if (found !== undefined && expected !== undefined) refuseOther(found, expected);
  const agents = found === undefined ? [] : await enrolled(target);
  const mine = found === undefined ? undefined : options.agentPath(found.id);
  const isMine = mine !== undefined && existsSync(mine);
  if (found !== undefined && agents.length > 0 && !isMine && !join) {
    throw new UsageError(
      `There is a repository at ${target.label} already, made by another machine (${found.created}).`,
      {
        hint: 'Give each machine its own place. If that machine was lost and this one takes over, add --join.',
      },
    );
  }
  const repository = found ?? (await createRepository(target, now()));
  const agentPath = options.agentPath(repository.id);
  const agent = existsSync(agentPath) ? await loadAgent(agentPath) : await makeAgent(agentPath, now());
  await putOnce(() => enrolAgent(repository, agent.key.toPublic()));
  for (const {name, content} of kitFiles()) await putOnce(() => target.put(name, content));
  return {
    repository,
    agent,
    agentPath,
    created: found === undefined,
    otherAgents: agents.filter((fingerprint) => fingerprint !== agent.fingerprint),
  };
}

/**
 * Writes a file that only its owner may read, and that was not there before. Under its name it is whole and on the disk, or not
 * there: half a key would stop every later run.
 */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  makeFolders(dirname(path), 0o700);
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    writeFileSync(part, content, {flag: 'wx', mode: 0o600, flush: true});
    chmodSync(part, 0o600); // The umask may have taken bits away.
    publish(part, path);
  } finally {
    rmSync(part, {force: true});
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Unlike rename, link refuses a name that is taken. Where there are no hard links, a file made with O_EXCL takes the name first. */
function publish(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    closeSync(openSync(path, 'wx', 0o600));
    renameSync(part, path);
  }
}

async function makeAgent(path: string, now: Date): Promise<Agent> {
  const agent = await newAgent(now);
  try {
    writePrivateFile(path, agent.key.armor());
  } catch (cause) {
    throw new KeyError(`The agent key ${path} cannot be written: ${whyFailed(cause)}.`, {
      cause,
      hint: 'Check the folder, or name another file as "agent" in the configuration.',
    });
  }
  return agent;
}

async function enrolled(target: Target): Promise<string[]> {
  const fingerprints: string[] = [];
  for await (const {name} of target.list('agents/')) {
    const fingerprint = /^agents\/([0-9a-f]{64})\.asc$/.exec(name)?.[1];
    if (fingerprint !== undefined && name === agentObject(fingerprint)) fingerprints.push(fingerprint);
  }
  return fingerprints;
}

async function putOnce(put: () => Promise<void>): Promise<void> {
  try {
    await put();
  } catch (error) {
    // An earlier, interrupted run got so far; nothing is overwritten.
    if (!(error instanceof ObjectExistsError)) throw error;
  }
}
