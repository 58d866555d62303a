/** Texts of names whose bytes may be no UTF-8. */
/** Puts a text together from the parts of a name that are UTF-8 and the bytes that are not. */
export function decodeParts(name, onText, onByte) {
    const bytes = Buffer.from(name.buffer, name.byteOffset, name.byteLength);
    const text = bytes.toString('utf8');
    if (!text.includes('\ufffd'))
        return onText(text);
    let result = '';
    for (let at = 0; at < bytes.length;) {
        const length = sequenceLength(bytes, at);
        const byte = bytes[at] ?? 0;
        result += length === 0 ? onByte(byte) : onText(bytes.toString('utf8', at, at + length));
        at += Math.max(1, length);
    }
    return result;
}
export function escapedByte(byte) {
    return `\\x${byte.toString(16)}`;
}
/** A path for a message: bytes that are not UTF-8 as `\xff`. */
export function pathText(path) {
    return decodeParts(path, (text) => text, escapedByte);
}
/** The length of the UTF-8 sequence at a place, or 0 if there is none. */
function sequenceLength(bytes, at) {
    const first = bytes[at] ?? 0;
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || at + length > bytes.length)
        return 0;
    const text = bytes.toString('utf8', at, at + length);
    return Buffer.from(text).equals(bytes.subarray(at, at + length)) ? length : 0;
}
