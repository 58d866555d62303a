/** Whose signatures count: the agents in the repository that this machine was told to trust, or met first. */
import * as openpgp from 'openpgp';
import {DamageError, KeyError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError, TargetError} from '../targets/target.ts';
import {agentObject, isHash} from './layout.ts';
import type {Repository} from './repository.ts';
import type {TrustFile} from './trust.ts';

export interface TrustedAgents {
  readonly keys: readonly openpgp.PublicKey[];
  /** Fingerprints of agents in the repository that nobody approved. */
  readonly strangers: readonly string[];
  /** Names of the objects where trusted agents' keys should be, and are not any more: what they signed cannot be checked. */
  readonly lost: readonly string[];
  /** Set when this machine met the repository just now and took its only agent on trust. */
  readonly metFirst?: string;
}

/** Puts an agent's public key into the repository. */
export async function enrolAgent({target}: Repository, key: openpgp.PublicKey): Promise<void> {
  await target.put(agentObject(key.getFingerprint()), Buffer.from(key.armor()));
}

/**
 * Reads the agents' keys. The storage cannot add one: what nobody approved stays a stranger, and a key counts only under its own fingerprint.
 * @param approved fingerprints from the configuration or the command line
 * @throws {@link KeyError} at the first contact if there are several agents, or none; {@link DamageError} if its only one is no key any more
 */
export async function trustedAgents(
  repository: Repository,
  trust: TrustFile,
  approved: readonly string[] = [],
): Promise<TrustedAgents> {
  const {found, damaged} = await storedAgents(repository);
  const known = new Set([...trust.agents, ...approved]);
  const all = [...found.keys()];
  const metFirst = known.size === 0 ? firstContact(repository, all, damaged) : undefined;
  if (metFirst !== undefined) known.add(metFirst);
  trust.approve(all.filter((fingerprint) => known.has(fingerprint)));
  return {
    keys: [...found].filter(([fingerprint]) => known.has(fingerprint)).map(([, key]) => key),
    strangers: all.filter((fingerprint) => !known.has(fingerprint)),
    lost: [...known].filter((fingerprint) => !found.has(fingerprint)).map(agentObject),
    ...(metFirst !== undefined && {metFirst}),
  };
}

/** The agents' keys in the repository, by fingerprint, whoever they are; and the names of objects there that are no such key. */
export async function storedAgents(
  repository: Repository,
): Promise<{found: Map<string, openpgp.PublicKey>; damaged: string[]}> {
  const found = new Map<string, openpgp.PublicKey>();
  const damaged: string[] = [];
  for await (const {name} of repository.target.list('agents/')) {
    const fingerprint = /^agents\/([0-9a-f]{64})\.asc$/.exec(name)?.[1];
    if (!isHash(fingerprint)) continue;
    const key = await readAgentKey(repository, name);
    if (key?.getFingerprint() === fingerprint) found.set(fingerprint, key);
    else damaged.push(name);
  }
  return {found, damaged};
}

function firstContact({target}: Repository, agents: readonly string[], damaged: readonly string[]): string {
  const [only, ...others] = agents;
  if (only === undefined) {
    const [object] = damaged;
    if (object !== undefined) {
      throw new DamageError(object, 'it is not the key that its name says', {
        hint: 'Put it back from a copy; the VM has its own in the private agent key.',
      });
    }
    throw new KeyError(`No agent's key is stored at ${target.label}, so no signature can be checked.`, {
      hint: 'If "holdfast init" was cut off, run it again; else the objects below agents/ were removed.',
    });
  }
  if (others.length > 0) {
    throw new KeyError(
      `This machine has not met the repository before, and ${agents.length} agents have written to it: ${agents.join(', ')}.`,
      {
        hint: 'Name those you trust with --agent FINGERPRINT; "holdfast init" printed the fingerprint on each VM.',
      },
    );
  }
  return only;
}

async function readAgentKey({target}: Repository, name: string): Promise<openpgp.PublicKey | undefined> {
  try {
    const bytes = await readObject(target, name, {maxBytes: 65_536});
    const key = await openpgp.readKey({armoredKey: Buffer.from(bytes).toString('latin1')});
    if (key.isPrivate()) return undefined;
    await key.getSigningKey(undefined, null); // A key whose self-signature is altered verifies nothing.
    return key;
  } catch (error) {
    if (error instanceof TargetError && !(error instanceof ObjectMissingError)) throw error;
    // Whatever lies there is no key, so it is nobody's: signatures by it will be reported as a stranger's.
    return undefined;
  }
}
