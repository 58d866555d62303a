import type { HttpResponse } from './http.ts';
import { type ByteRange, type ObjectName, TargetError } from './target.ts';
/** An ETag that is the MD5 of the content; those of segmented objects are not. */
export declare function md5Of(headers: Headers): string | undefined;
/** The whole object: as long as said, with the content of the ETag. @throws {@link TargetError}; {@link GarbledObjectError} */
export declare function wholeBody(response: HttpResponse, what: string, name: ObjectName): AsyncGenerator<Uint8Array, void, undefined>;
/** The range that was asked for, and nothing else. @throws {@link TargetError} */
export declare function rangeBody(response: HttpResponse, what: string, { offset, length }: ByteRange): AsyncGenerator<Uint8Array, void, undefined>;
export declare function tooShort(what: string, size: number | undefined, { offset, length }: ByteRange): TargetError;
