/** Texts of names whose bytes may be no UTF-8. */
/** Puts a text together from the parts of a name that are UTF-8 and the bytes that are not. */
export declare function decodeParts(name: Uint8Array, onText: (text: string) => string, onByte: (byte: number) => string): string;
export declare function escapedByte(byte: number): string;
/** A path for a message: bytes that are not UTF-8 as `\xff`. */
export declare function pathText(path: Uint8Array): string;
