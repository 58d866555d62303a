import type { PrivateKey, PublicKey } from 'openpgp';
import { type Session } from '../crypto/seipd.ts';
/** The VM's own key pair: signs what the VM says, opens what the VM may read again. */
export interface Agent {
    /** Of the primary key; 64 hex digits. */
    readonly fingerprint: string;
    readonly key: PrivateKey;
}
export declare function newAgent(now: Date): Promise<Agent>;
/** @throws {@link KeyError} if it is missing, unreadable or damaged */
export declare function loadAgent(path: string): Promise<Agent>;
/** Fingerprint of the subkey that messages to this key are encrypted to. */
export declare function encryptionFingerprint(key: PublicKey | PrivateKey): string;
/** Signs with the agent's key. A clock behind the key's creation must not stop a backup: then the key's time is used. */
export declare function signAsAgent(agent: Agent, data: Uint8Array, now: Date): Promise<Uint8Array>;
/** Signs, then encrypts: how index and snapshot objects are made. */
export declare function sealSigned(agent: Agent, session: Session, data: Uint8Array, now: Date): Promise<Buffer>;
/** The signed message inside an index or snapshot object. */
export declare function openSigned(bytes: Uint8Array, sessionKey: Uint8Array): Buffer;
