/** Packet framing of OpenPGP (RFC 9580 §4.2) and what can be told of a message without a key. */
export declare const TAG: {
    readonly publicKeyEncryptedSessionKey: 1;
    readonly signature: 2;
    readonly onePassSignature: 4;
    readonly literalData: 11;
    readonly symEncryptedIntegrityProtected: 18;
    readonly padding: 21;
};
export interface Packet {
    readonly tag: number;
    /** Where its header begins. */
    readonly start: number;
    readonly bodyStart: number;
    readonly bodyLength: number;
}
/** The bytes are not the packets that they should be. Callers say of which object. */
export declare class PacketError extends Error {
}
/**
 * Reads one packet header. Only the definite lengths of the current format are taken, as docs/format.md demands.
 * @throws {@link PacketError}
 */
export declare function readPacketHeader(bytes: Uint8Array, start: number): Packet;
/**
 * The top-level packets of a whole message.
 * @throws {@link PacketError} unless they fill the bytes exactly
 */
export declare function readPackets(bytes: Uint8Array, most?: number): Packet[];
/** A packet header of the current format with a 5-octet length. */
export declare function packetHeader(tag: number, bodyLength: number): Buffer;
/** Literal Data packet header (binary, no name, date 0) for a body of so many bytes. */
export declare function literalHeader(dataLength: number): Buffer;
/** Bytes that {@link literalHeader} puts before the data. */
export declare const LITERAL_HEADER_LENGTH = 12;
/**
 * The content of the one Literal Data packet in `inner`; padding may follow it, nothing else may be there.
 * @throws {@link PacketError}
 */
export declare function literalData(inner: Uint8Array): Uint8Array;
