import type { PublicKey } from 'openpgp';
import type { Session } from '../crypto/seipd.ts';
import { type Agent } from './agent.ts';
import { type GenerationPlace, type IndexName } from './layout.ts';
import { type PackRecord } from './pack.ts';
/** No index object is larger, nor its content. */
export declare const INDEX_MOST_BYTES: number;
export interface IndexObject {
    readonly name: IndexName;
    readonly object: Buffer;
}
/** @param records one JSON line per pack, as {@link encodePackRecord} makes them */
export declare function makeIndex(place: GenerationPlace & {
    repository: string;
}, records: readonly string[], agent: Agent, session: Session, now: Date): Promise<IndexObject>;
export declare function encodePackRecord(record: PackRecord): string;
/**
 * Opens an index object and checks its signer and where it belongs.
 * @throws PacketError, SignatureError, {@link FormatError}
 */
export declare function readIndex(object: Uint8Array, sessionKey: Uint8Array, agents: readonly PublicKey[], expected: GenerationPlace & {
    repository: string;
}): Promise<PackRecord[]>;
/** @throws {@link FormatError} */
export declare function decodePackRecord(line: string): PackRecord;
