export const LIMITS = {
    packBytes: 256 * 2 ** 20,
    frameBytes: 16 * 2 ** 20,
    blobBytes: 8 * 2 ** 20,
};
export const MEMBER_HEADER_BYTES = 512;
/** Bytes that a member of so much content takes in a frame. */
export function memberLength(contentLength) {
    return MEMBER_HEADER_BYTES + contentLength + padding(contentLength);
}
/** Zeros behind so much content. */
export function padding(contentLength) {
    return -contentLength & (MEMBER_HEADER_BYTES - 1);
}
const NAME_PREFIX = 'blobs/';
const SIZE_AT = 124;
const CHECKSUM_AT = 148;
const TEMPLATE = templateHeader();
const TEMPLATE_SUM = TEMPLATE.reduce((sum, byte) => sum + byte, 0);
/** Writes the ustar header of a blob to `at`. */
export function writeMemberHeader(frame, at, id, length) {
    TEMPLATE.copy(frame, at);
    frame.write(id, at + NAME_PREFIX.length, 'latin1');
    const size = length.toString(8).padStart(11, '0');
    frame.write(size, at + SIZE_AT, 'latin1');
    let sum = TEMPLATE_SUM;
    for (let i = 0; i < id.length; i++)
        sum += id.charCodeAt(i);
    for (let i = 0; i < size.length; i++)
        sum += size.charCodeAt(i);
    frame.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + CHECKSUM_AT, 'latin1');
}
/** A header without name and size; its checksum field counts as blanks. */
function templateHeader() {
    const header = Buffer.alloc(MEMBER_HEADER_BYTES);
    header.write(NAME_PREFIX, 0);
    header.write('0000600\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write('00000000000\0', 136);
    header.write(' '.repeat(8), CHECKSUM_AT);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    return header;
}
