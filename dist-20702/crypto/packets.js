/** Packet framing of OpenPGP (RFC 9580 §4.2) and what can be told of a message without a key. */
export const TAG = {
    publicKeyEncryptedSessionKey: 1,
    signature: 2,
    onePassSignature: 4,
    literalData: 11,
    symEncryptedIntegrityProtected: 18,
    padding: 21,
};
/** The bytes are not the packets that they should be. Callers say of which object. */
export class PacketError extends Error {
}
/**
 * Reads one packet header. Only the definite lengths of the current format are taken, as docs/format.md demands.
 * @throws {@link PacketError}
 */
export function readPacketHeader(bytes, start) {
    const first = bytes[start];
    const lengthOctet = bytes[start + 1];
    if (first === undefined || lengthOctet === undefined)
        throw new PacketError('it ends in the middle of a packet');
    if ((first & 0xc0) !== 0xc0)
        throw new PacketError('it holds no packet of the current OpenPGP format');
    const tag = first & 0x3f;
    if (lengthOctet < 192)
        return { tag, start, bodyStart: start + 2, bodyLength: lengthOctet };
    if (lengthOctet < 224) {
        const next = bytes[start + 2];
        if (next === undefined)
            throw new PacketError('it ends in the middle of a packet');
        return { tag, start, bodyStart: start + 3, bodyLength: ((lengthOctet - 192) << 8) + next + 192 };
    }
    if (lengthOctet < 255)
        throw new PacketError('it holds a packet of partial length');
    if (bytes.length < start + 6)
        throw new PacketError('it ends in the middle of a packet');
    const bodyLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start + 2);
    return { tag, start, bodyStart: start + 6, bodyLength };
}
/**
 * The top-level packets of a whole message.
 * @throws {@link PacketError} unless they fill the bytes exactly
 */
export function readPackets(bytes, most = 1000) {
    const packets = [];
    for (let at = 0; at < bytes.length;) {
        if (packets.length === most)
            throw new PacketError(`it has more than ${most} packets`);
        const packet = readPacketHeader(bytes, at);
        at = packet.bodyStart + packet.bodyLength;
        if (at > bytes.length)
            throw new PacketError('it is cut off');
        packets.push(packet);
    }
    return packets;
}
/** A packet header of the current format with a 5-octet length. */
export function packetHeader(tag, bodyLength) {
    const header = Buffer.alloc(6);
    header[0] = 0xc0 | tag;
    header[1] = 0xff;
    header.writeUInt32BE(bodyLength, 2);
    return header;
}
/** Literal Data packet header (binary, no name, date 0) for a body of so many bytes. */
export function literalHeader(dataLength) {
    return Buffer.concat([packetHeader(TAG.literalData, dataLength + 6), Buffer.from([0x62, 0, 0, 0, 0, 0])]);
}
/** Bytes that {@link literalHeader} puts before the data. */
export const LITERAL_HEADER_LENGTH = 12;
/**
 * The content of the one Literal Data packet in `inner`; padding may follow it, nothing else may be there.
 * @throws {@link PacketError}
 */
export function literalData(inner) {
    const [literal, ...rest] = readPackets(inner, 16);
    if (literal?.tag !== TAG.literalData || rest.some(({ tag }) => tag !== TAG.padding)) {
        throw new PacketError('it holds something else than one literal data packet');
    }
    const nameLength = inner[literal.bodyStart + 1] ?? 0;
    const dataStart = literal.bodyStart + 2 + nameLength + 4;
    const end = literal.bodyStart + literal.bodyLength;
    if (inner[literal.bodyStart] !== 0x62 || dataStart > end)
        throw new PacketError('its literal data is not binary');
    return inner.subarray(dataStart, end);
}
