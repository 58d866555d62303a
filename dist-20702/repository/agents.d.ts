/** Whose signatures count: the agents in the repository that this machine was told to trust, or met first. */
import * as openpgp from 'openpgp';
import type { Repository } from './repository.ts';
import type { TrustFile } from './trust.ts';
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
export declare function enrolAgent({ target }: Repository, key: openpgp.PublicKey): Promise<void>;
/**
 * Reads the agents' keys. The storage cannot add one: what nobody approved stays a stranger, and a key counts only under its own fingerprint.
 * @param approved fingerprints from the configuration or the command line
 * @throws {@link KeyError} at the first contact if there are several agents, or none; {@link DamageError} if its only one is no key any more
 */
export declare function trustedAgents(repository: Repository, trust: TrustFile, approved?: readonly string[]): Promise<TrustedAgents>;
