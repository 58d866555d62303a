import * as openpgp from 'openpgp';
import type { Recipient } from '../crypto/keys.ts';
import { type RecipientKey } from '../crypto/recipient-key.ts';
import { type Agent } from './agent.ts';
import { type GenerationPlace } from './layout.ts';
import type { Repository } from './repository.ts';
import { type NamedObject, type Seal } from './seal.ts';
export interface ChunkerSettings {
    /** base64 of 32 bytes. */
    readonly seed: string;
    readonly min: number;
    readonly maskBits: number;
    readonly max: number;
}
/** What the VM keeps of a generation. */
export interface GenerationFacts extends GenerationPlace {
    readonly created: string;
    readonly publicKey: openpgp.PublicKey;
    readonly blobIdKey: Buffer;
    readonly chunker: ChunkerSettings;
    readonly secrets: readonly NamedObject[];
    /** Ids of the keys that `generation.pgp` is encrypted to. */
    readonly recipients: readonly string[];
}
/** A generation whose packs can be opened. */
export interface OpenGeneration extends GenerationPlace {
    readonly privateKey: openpgp.PrivateKey;
    readonly blobIdKey: Buffer;
}
/** No message of secrets is larger. */
export declare const SECRETS_MOST_BYTES: number;
/**
 * Makes a generation's keys, stores them for recipients and agent, and forgets the private half.
 * @param store keeps an object; a dry run keeps none
 */
export declare function startGeneration(repository: Repository, source: string, agent: Agent, recipients: readonly Recipient[], now: Date, store: (name: string, bytes: Uint8Array) => Promise<void>): Promise<GenerationFacts>;
/**
 * Opens a generation with a recipient's private key, as its seals describe it.
 * @throws {@link KeyError} if none of its secrets is for this key; {@link DamageError}
 */
export declare function openGeneration(repository: Repository, seal: Seal, key: RecipientKey): Promise<OpenGeneration>;
/**
 * Opens what the agent kept for itself; for the rebuild of a catalog.
 * @throws {@link DamageError}
 */
export declare function openGenerationAsAgent(repository: Repository, place: GenerationPlace, agent: Agent): Promise<GenerationFacts>;
