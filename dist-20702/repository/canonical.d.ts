/** Canonical JSON (RFC 8785) for the values we sign: objects, arrays, strings, integers, booleans, null. */
export type Json = null | boolean | number | string | readonly Json[] | {
    readonly [key: string]: Json | undefined;
};
/** Members that are undefined are left out. */
export declare function canonicalJson(value: Json): string;
/** Whether a JSON text is the canonical form of what it says. False for what has none, and for what is no JSON. */
export declare function isCanonical(text: string): boolean;
