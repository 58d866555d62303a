/**
 * zstd and HMAC of the libraries that this Node is linked with, called directly: the same code that `node:zlib` and `node:crypto` call, without a stream, a
 * context and buffers for each call. Where they cannot be had, Node's own modules do the same (docs/decisions/0015).
 */
import {createHmac, createSecretKey} from 'node:crypto';
import {createRequire} from 'node:module';
import {constants, zstdCompressSync} from 'node:zlib';
import {decompressInOne} from './decompress.ts';
import {release} from './memory.ts';

/**
 * What is compressed. A dump is of one kind throughout, rows that resemble each other: with short repetitions left out and a table that stays in the
 * processor's cache, zstd takes a third less time than at its level 3 and makes most dumps smaller. Files differ from each other (docs/decisions/0015).
 */
export type Material = 'files' | 'dump';

/** One frame per call. Neither input nor output may move meanwhile: both are used before the call returns. */
export interface Zstd {
  /** @returns the length of the frame in `out`. @throws `RangeError` if it does not fit */
  compress(out: Uint8Array, content: Uint8Array, material?: Material): number;
  /** The same for what resembles a base, which whoever decompresses it gives as dictionary. @returns the length of the frame in `out`. @throws `RangeError` if it does not fit */
  compressDelta(out: Uint8Array, content: Uint8Array, base: Uint8Array): number;
  /** @returns how much came out. @throws `RangeError` if it is damaged or does not fit */
  decompress(out: Uint8Array, frame: Uint8Array): number;
}

/** HMAC-SHA-256 with one key. @returns 32 bytes, in memory of their own */
export type Mac = (content: Uint8Array) => Buffer;

/** What zstd may need more than the content, for content of up to 16 MiB (ZSTD_compressBound). */
export const ZSTD_MARGIN_BYTES = 65_536;
const MAC_BYTES = 32;
const PARAMETERS: Readonly<Record<Material, Readonly<Record<number, number>>>> = {
  files: {[constants.ZSTD_c_compressionLevel]: 3},
  dump: {
    [constants.ZSTD_c_compressionLevel]: 2,
    [constants.ZSTD_c_hashLog]: 16,
    [constants.ZSTD_c_minMatch]: 7,
  },
};
const OSSL_PARAM_UTF8_STRING = 4;

/** A table as large as the base: that of the level's default would find little of it (PERFORMANCE §5). */
function deltaParameters(content: Uint8Array, base: Uint8Array): Readonly<Record<number, number>> {
  const clamped = (log: number, most: number): number => Math.min(Math.max(Math.ceil(log), 12), most);
  return {
    [constants.ZSTD_c_compressionLevel]: 2,
    [constants.ZSTD_c_windowLog]: clamped(Math.log2(base.length + content.length) + 1, 24),
    [constants.ZSTD_c_hashLog]: clamped(Math.log2(base.length), 20),
  };
}

type Pointer = unknown;
type TypeSpec = string | ReturnType<typeof import('koffi').struct>;
/** It takes what its definition says. */
type Foreign = (...args: unknown[]) => unknown;

interface Linked {
  readonly zstd: Zstd | undefined;
  readonly newMac: ((key: Uint8Array) => Mac) | undefined;
}

let linked: Linked | undefined;
let zstd: Zstd | undefined;

/** Of this thread. */
export function loadZstd(): Zstd {
  zstd ??= load().zstd ?? NODE_ZSTD;
  return zstd;
}

export function newMac(key: Uint8Array): Mac {
  return load().newMac?.(key) ?? nodeMac(key);
}

/** As `node:zlib` does it. */
export const NODE_ZSTD: Zstd = {
  compress(out, content, material = 'files') {
    // One piece of output: else Node gathers it in pieces of 16 KiB.
    const chunkSize = content.length + ZSTD_MARGIN_BYTES;
    return moveInto(out, zstdCompressSync(content, {chunkSize, params: PARAMETERS[material]}));
  },
  compressDelta(out, content, base) {
    const params = deltaParameters(content, base);
    const chunkSize = content.length + ZSTD_MARGIN_BYTES;
    return moveInto(out, zstdCompressSync(content, {chunkSize, dictionary: base, params}));
  },
  decompress(out, frame) {
    try {
      return moveInto(out, decompressInOne(frame, out.length));
    } catch (cause) {
      throw new RangeError('The frame does not decompress.', {cause});
    }
  },
};

/** As `node:crypto` does it. */
export function nodeMac(key: Uint8Array): Mac {
  const keyObject = createSecretKey(key);
  return (content) => createHmac('sha256', keyObject).update(content).digest();
}

function moveInto(out: Uint8Array, made: Buffer): number {
  out.set(made); // A RangeError where it does not fit.
  const {length} = made;
  release(made);
  return length;
}

function load(): Linked {
  if (linked !== undefined) return linked;
  linked = {zstd: undefined, newMac: undefined};
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    linked = {zstd: bindZstd(library), newMac: bindMac(library, koffi)};
  } catch {
    // koffi is optional, and a Node may keep these functions to itself: it is slower then, that is all.
  }
  return linked;
}

type Library = ReturnType<typeof import('koffi').load>;

function bindZstd(library: Library): Zstd | undefined {
  const bound = (definition: string): Foreign => library.func(definition);
  const version = bound('uint32_t ZSTD_versionNumber()')() as number;
  const [major = 0, minor = 0, patch = 0] = (process.versions.zstd ?? '').split('.').map(Number);
  if (version !== (major * 100 + minor) * 100 + patch) return undefined;
  const compress = bound('size_t ZSTD_compress2(void *, void *, size_t, const void *, size_t)') as Call;
  const decompress = bound(
    'size_t ZSTD_decompressDCtx(void *, void *, size_t, const void *, size_t)',
  ) as Call;
  const newCompressor = bound('void *ZSTD_createCCtx()');
  const setParameter = bound('size_t ZSTD_CCtx_setParameter(void *, int, int)');
  const setBase = bound('size_t ZSTD_CCtx_refPrefix(void *, const void *, size_t)');
  const compressors: Partial<Record<Material | 'delta', Pointer>> = {};
  const tune = (context: Pointer, parameters: Readonly<Record<number, number>>): Pointer => {
    for (const [parameter, value] of Object.entries(parameters))
      setParameter(context, Number(parameter), value);
    return context;
  };
  const decompressor = bound('void *ZSTD_createDCtx()')() as Pointer;
  /** What zstd returns for an error is close to 2^64. */
  const checked = (result: number | bigint, out: Uint8Array, what: string): number => {
    if (result > out.length) throw new RangeError(what);
    return Number(result);
  };
  return {
    compress(out, content, material = 'files') {
      compressors[material] ??= tune(newCompressor(), PARAMETERS[material]);
      const result = compress(compressors[material], out, out.length, content, content.length);
      return checked(result, out, 'The compressed frame does not fit.');
    },
    compressDelta(out, content, base) {
      compressors.delta ??= newCompressor() as Pointer;
      const context = tune(compressors.delta, deltaParameters(content, base));
      setBase(context, base, base.length); // For one frame.
      const result = compress(context, out, out.length, content, content.length);
      return checked(result, out, 'The compressed frame does not fit.');
    },
    decompress(out, frame) {
      const result = decompress(decompressor, out, out.length, frame, frame.length);
      return checked(result, out, 'The frame does not decompress.');
    },
  };
}

type Call = (
  context: Pointer,
  out: Uint8Array,
  outLength: number,
  input: Uint8Array,
  inputLength: number,
) => number | bigint;

/** OpenSSL's EVP_MAC(3): a context per key, which is begun again for each message. */
function bindMac(library: Library, koffi: typeof import('koffi')): ((key: Uint8Array) => Mac) | undefined {
  if (!(process.versions.openssl ?? '').startsWith('3.')) return undefined;
  const parameter = koffi.struct({
    key: 'const char *',
    type: 'uint32_t',
    data: 'const void *',
    size: 'size_t',
    returned: 'size_t',
  });
  const bound = (name: string, result: string, args: readonly TypeSpec[]): Foreign =>
    library.func(name, result, [...args]);
  const fetch = bound('EVP_MAC_fetch', 'void *', ['void *', 'const char *', 'const char *']);
  const newContext = bound('EVP_MAC_CTX_new', 'void *', ['void *']);
  const begin = bound('EVP_MAC_init', 'int', ['void *', 'const void *', 'size_t', koffi.pointer(parameter)]);
  const again = bound('EVP_MAC_init', 'int', ['void *', 'void *', 'size_t', 'void *']);
  const update = bound('EVP_MAC_update', 'int', ['void *', 'const void *', 'size_t']);
  const final = bound('EVP_MAC_final', 'int', ['void *', 'void *', 'void *', 'size_t']);
  const algorithm = fetch(null, 'HMAC', null) as Pointer;
  if (algorithm === null) return undefined;
  const digest = Buffer.from('SHA256\0');
  const parameters = [
    {key: 'digest', type: OSSL_PARAM_UTF8_STRING, data: digest, size: digest.length - 1, returned: 0},
    {key: null, type: 0, data: null, size: 0, returned: 0},
  ];
  return (key) => {
    const context = newContext(algorithm) as Pointer;
    if (context === null || begin(context, key, key.length, parameters) !== 1) return nodeMac(key);
    const length = new BigUint64Array(1);
    const mac: Mac = (content) => {
      const out = Buffer.allocUnsafe(MAC_BYTES);
      const isDone =
        again(context, null, 0, null) === 1 &&
        update(context, content, content.length) === 1 &&
        final(context, out, length, MAC_BYTES) === 1;
      if (!isDone) throw new Error('OpenSSL failed to compute an HMAC.');
      return out;
    };
    const probe = Buffer.from('holdfast');
    return mac(probe).equals(nodeMac(key)(probe)) ? mac : nodeMac(key);
  };
}
