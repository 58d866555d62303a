/** Plaintext bytes in one AEAD chunk. */
export declare const CHUNK_BYTES: number;
/** A session key and the PKESK packets that hand it to its recipients. */
export interface Session {
    /** 32 bytes. */
    readonly key: Uint8Array;
    readonly pkesks: Uint8Array;
}
/** What can be told of an encrypted message without a key. */
export interface EncryptedMessage {
    /** Fingerprints of the encryption subkeys that can open it. */
    readonly recipients: readonly string[];
    /** The PKESK packets; equal bytes hold the same session key. */
    readonly pkesks: Uint8Array;
    readonly salt: Uint8Array;
    /** Where the AEAD chunks begin. */
    readonly chunksStart: number;
    /** Chunks and final tag together. */
    readonly chunksLength: number;
}
/** How long the message for `innerLength` bytes will be. */
export declare function sealedLength(session: Session, innerLength: number): number;
/** Encrypts packets, given in one or more parts, into one message. */
export declare function sealMessage(session: Session, inner: readonly Uint8Array[]): Buffer;
/** Where the packets have to lie for {@link sealInPlace}. */
export declare function sealedPrefixLength({ pkesks }: Session): number;
/**
 * Encrypts packets where they lie, so that no second buffer of their size is needed. Each piece is decrypted again and
 * compared before its plaintext is overwritten.
 * @param memory the packets from {@link sealedPrefixLength} on, and room for {@link sealedLength} in all
 * @returns the message: the beginning of `memory`
 */
export declare function sealInPlace({ key, pkesks }: Session, memory: Buffer, innerLength: number): Buffer;
/**
 * Reads the framing of an encrypted message from its first bytes (4 KiB are plenty) and its whole length.
 * @throws {@link PacketError} unless it is PKESK v6 packets and one SEIPD v2 packet with exactly our parameters
 */
export declare function inspectMessage(head: Uint8Array, messageLength: number): EncryptedMessage;
/**
 * Decrypts a whole message and checks it to its end.
 * @throws {@link PacketError} if one bit is not as it was written
 */
export declare function openMessage(message: Uint8Array, key: Uint8Array): Buffer;
/** The same, with the plaintext in the place of the message, which is used up also when this fails. */
export declare function openMessageInPlace(message: Uint8Array, key: Uint8Array): Buffer;
/** Bytes at the end of a message that {@link checkEnd} looks at. */
export declare const END_BYTES = 16;
/** Checks the tag that authenticates how long a message is. @param end its last {@link END_BYTES}. @throws {@link PacketError} */
export declare function checkEnd(facts: EncryptedMessage, key: Uint8Array, end: Uint8Array): void;
/** Which bytes of the message hold a range of its plaintext: whole AEAD chunks. */
export declare function sealedRange(facts: EncryptedMessage, offset: number, length: number): {
    offset: number;
    length: number;
    firstChunk: number;
};
/** Decrypts the bytes that {@link sealedRange} named: the plaintext from `firstChunk * CHUNK_BYTES` on. */
export declare function openRange(facts: EncryptedMessage, key: Uint8Array, sealed: Uint8Array, firstChunk: number): Buffer;
