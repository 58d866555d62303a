import {closeSync, constants} from 'node:fs';
import {createRequire} from 'node:module';

/** A byte path (without the closing NUL), or an open file descriptor. Symbolic links are never followed at the end of a path. */
export type Place = Buffer | number;

/** fcntl(2) */
const F_SETPIPE_SZ = 1031;
/** What an ordinary user may ask for. */
const WIDE_PIPE_BYTES = 2 ** 20;
const O_CLOEXEC = 0o2000000;

/** mallopt(3) */
const MALLOC = {arenaMax: -8, mmapThreshold: -3, trimThreshold: -1} as const;
export interface MallocSettings {
  /** How many arenas threads share. */
  readonly arenas: number;
  /** From this size on a buffer gets pages of its own, which go back to the system when it is freed. */
  readonly largeBytes: number;
  /** So much that was freed stays with an arena, to be used again. */
  readonly keptBytes: number;
}

/** What Node's `fs` cannot do on Linux. Every failure is an `Error` with `code` (`'ENODATA'`, `'ENOTSUP'`, …), as `fs` throws. */
export interface Libc {
  /** The names of all extended attributes, in the file system's order; ACLs and capabilities are among them. @throws `EILSEQ` for a name that is not UTF-8 */
  listXattrs(place: Place): string[];
  getXattr(place: Place, name: string): Buffer;
  /** All extended attributes, sorted by name, or undefined when there are none. One that vanishes meanwhile is left out. */
  readXattrs(place: Place): Record<string, Uint8Array> | undefined;
  setXattr(place: Place, name: string, value: Uint8Array): void;
  removeXattr(place: Place, name: string): void;
  /** Sets both times to the nanosecond. */
  setTimes(place: Place, atimeNs: bigint, mtimeNs: bigint): void;
  /**
   * Where a file of `sizeBytes` holds data: `[offset, length]`, ascending, not touching. The rest is holes. `[]` is all hole.
   * Moves the descriptor's offset. A file system without holes reports one extent.
   */
  dataExtents(fd: number, sizeBytes: number): [number, number][];
  /** Makes a FIFO or a device. The umask applies to `mode`, which holds the type bits, too. */
  makeNode(path: Buffer, mode: number, device?: readonly [major: number, minor: number]): void;
  /** Opens a new file without a name, in the open directory, for writing. Its mode is 0600. @throws `EOPNOTSUPP` if the file system cannot do that */
  openNameless(directory: number): number;
  /** Gives a file of {@link openNameless} a name in the open directory. Needs `/proc`. @throws `EEXIST` if the name is taken */
  linkNameless(fd: number, directory: number, name: Buffer): void;
  /**
   * A pipe that takes up to a megabyte before its writer has to wait; both ends are closed in programs that are started.
   * @throws `EPERM` where this user has too many such pipes
   */
  makeWidePipe(): {readonly read: number; readonly write: number};
  /** Has malloc keep little. Without effect on other C libraries than glibc. */
  makeMallocThrifty(settings: MallocSettings): void;
  /** Gives pages that malloc keeps, of all threads, back to the system. */
  trimMalloc(): void;
}

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;
/** O_TMPFILE is missing in Node's constants, as O_CLOEXEC is. */
const O_NAMELESS = constants.O_WRONLY | constants.O_DIRECTORY | 0o20000000 | O_CLOEXEC;
const EMPTY = Buffer.from('\0');
const HERE = Buffer.from('.\0');
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
/** XATTR_SIZE_MAX and XATTR_LIST_MAX: the kernel never hands out more. */
const XATTR_MAX_BYTES = 65_536;
const PATH_MAX_BYTES = 4096;
/** All of them have a 64-bit `off_t` and `time_t`, and the same flags as above. */
const ARCHITECTURES = new Set(['x64', 'arm64', 'riscv64', 'loong64', 'ppc64', 's390x']);

let loaded: {readonly libc: Libc | undefined} | undefined;

/** The C library of this process, or undefined where it is not Linux or the optional package `koffi` is missing. */
export function loadLibc(): Libc | undefined {
  loaded ??= {libc: bind()};
  return loaded.libc;
}

/** Linux' encoding of a device number. */
export function joinDevice([major, minor]: readonly [number, number]): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (
    ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn)
  );
}

/** The reverse of {@link joinDevice}, for `rdev` of a `stat`. */
export function splitDevice(rdev: bigint): [major: number, minor: number] {
  const major = ((rdev >> 32n) & 0xfffff000n) | ((rdev >> 8n) & 0xfffn);
  const minor = ((rdev >> 12n) & 0xffffff00n) | (rdev & 0xffn);
  return [Number(major), Number(minor)];
}

type Call = (
  ...args: (Buffer | Uint8Array | Int32Array | BigInt64Array | string | number | bigint | null)[]
) => number | bigint;

function bind(): Libc | undefined {
  if (process.platform !== 'linux' || !ARCHITECTURES.has(process.arch)) return undefined;
  try {
    // Synchronous, because callers deep in a walk cannot wait, and lazy: it takes 8 ms.
    return makeLibc(createRequire(import.meta.url)('koffi') as typeof import('koffi'));
  } catch {
    return undefined; // It is not installed, or has no build for this machine: whoever asks says what is left out then.
  }
}

function makeLibc(koffi: typeof import('koffi')): Libc {
  const library = koffi.load(null);
  const bound = (definition: string): Call => library.func(definition) as Call;
  const lists = {
    path: bound('int64_t llistxattr(void *, void *, size_t)'),
    fd: bound('int64_t flistxattr(int, void *, size_t)'),
  };
  const gets = {
    path: bound('int64_t lgetxattr(void *, void *, void *, size_t)'),
    fd: bound('int64_t fgetxattr(int, void *, void *, size_t)'),
  };
  const sets = {
    path: bound('int lsetxattr(void *, void *, void *, size_t, int)'),
    fd: bound('int fsetxattr(int, void *, void *, size_t, int)'),
  };
  const removes = {
    path: bound('int lremovexattr(void *, void *)'),
    fd: bound('int fremovexattr(int, void *)'),
  };
  const utimensat = bound('int utimensat(int, void *, void *, int)');
  const futimens = bound('int futimens(int, void *)');
  const lseek = bound('int64_t lseek(int, int64_t, int)');
  const linkat = bound('int linkat(int, void *, int, void *, int)');
  const openat = bound('int openat(int, void *, int, ...)');
  const mknod = bindMknod(bound);
  const pipe2 = bound('int pipe2(void *, int)');
  const fcntl = bound('int fcntl(int, int, ...)');
  const mallopt = bindIfThere(bound, 'int mallopt(int, int)');
  const mallocTrim = bindIfThere(bound, 'int malloc_trim(size_t)');

  const codes = new Map(Object.entries(koffi.os.errno).map(([code, number]) => [number, code]));
  codes.set(koffi.os.errno.ENOTSUP ?? 95, 'ENOTSUP'); // The same number as EOPNOTSUPP.
  codes.set(61, codes.get(61) ?? 'ENODATA');

  const pathBuffer = Buffer.alloc(PATH_MAX_BYTES + 1);
  const valueBuffer = Buffer.alloc(XATTR_MAX_BYTES);
  const times = new BigInt64Array(4);
  const names = new Map<string, Buffer>();
  let linksEmptyPath = true;

  /** The path, closed by NUL, in a buffer that the next call reuses. */
  function cPath(path: Buffer, syscall: string): Buffer {
    if (path.length > PATH_MAX_BYTES) throw systemError('ENAMETOOLONG', 36, syscall, path);
    if (path.includes(0)) throw systemError('EINVAL', 22, syscall, path);
    pathBuffer.set(path);
    pathBuffer[path.length] = 0;
    return pathBuffer;
  }
  function cName(name: string): Buffer {
    let bytes = names.get(name);
    if (bytes === undefined) {
      bytes = Buffer.from(`${name}\0`);
      if (names.size < 1000) names.set(name, bytes);
    }
    return bytes;
  }
  function call(
    pair: {path: Call; fd: Call},
    syscall: string,
    place: Place,
    ...args: Parameters<Call>
  ): number {
    const result =
      typeof place === 'number' ? pair.fd(place, ...args) : pair.path(cPath(place, syscall), ...args);
    if (result < 0) throw failure(syscall, place);
    return Number(result);
  }
  function failure(syscall: string, place: Place): NodeJS.ErrnoException {
    const errno = koffi.errno();
    return systemError(codes.get(errno) ?? `ERRNO_${errno}`, errno, syscall, place);
  }

  const libc: Libc = {
    listXattrs(place) {
      const length = call(lists, 'listxattr', place, valueBuffer, XATTR_MAX_BYTES);
      if (length === 0) return [];
      const bytes = valueBuffer.subarray(0, length - 1);
      const text = bytes.toString('utf8');
      if (text.includes('\ufffd') && !Buffer.from(text).equals(bytes))
        throw systemError('EILSEQ', 84, 'listxattr', place);
      return text.split('\0');
    },
    getXattr(place, name) {
      const length = call(gets, 'getxattr', place, cName(name), valueBuffer, XATTR_MAX_BYTES);
      return Buffer.from(valueBuffer.subarray(0, length));
    },
    readXattrs(place) {
      const list = libc.listXattrs(place);
      if (list.length === 0) return undefined;
      const entries: [string, Uint8Array][] = [];
      for (const name of list.sort()) {
        try {
          entries.push([name, libc.getXattr(place, name)]);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENODATA') throw error;
        }
      }
      return entries.length > 0 ? Object.fromEntries(entries) : undefined;
    },
    setXattr(place, name, value) {
      call(sets, 'setxattr', place, cName(name), value, value.length, 0);
    },
    removeXattr(place, name) {
      call(removes, 'removexattr', place, cName(name));
    },
    setTimes(place, atimeNs, mtimeNs) {
      splitTime(times, 0, atimeNs);
      splitTime(times, 2, mtimeNs);
      const result =
        typeof place === 'number'
          ? futimens(place, times)
          : utimensat(AT_FDCWD, cPath(place, 'utimensat'), times, AT_SYMLINK_NOFOLLOW);
      if (result < 0) throw failure('utimensat', place);
    },
    dataExtents(fd, sizeBytes) {
      const extents: [number, number][] = [];
      let end = 0;
      while (end < sizeBytes) {
        const start = Number(lseek(fd, end, SEEK_DATA));
        if (start < 0) {
          const error = failure('lseek', fd);
          if (error.code === 'ENXIO') break; // Nothing but a hole up to the end.
          if (error.code === 'EINVAL' && end === 0) return [[0, sizeBytes]];
          throw error;
        }
        if (start >= sizeBytes) break;
        end = Number(lseek(fd, start, SEEK_HOLE));
        if (end < 0) throw failure('lseek', fd);
        // Another process may punch holes meanwhile: never report an empty or backward extent.
        if (end <= start) end = Math.min(start + 1, sizeBytes);
        extents.push([start, Math.min(end, sizeBytes) - start]);
      }
      return extents;
    },
    makeNode(path, mode, device = [0, 0]) {
      if (mknod(cPath(path, 'mknod'), mode, joinDevice(device)) < 0) throw failure('mknod', path);
    },
    makeWidePipe() {
      const ends = new Int32Array(2);
      if (pipe2(ends, O_CLOEXEC) < 0) throw failure('pipe2', -1);
      const [read = -1, write = -1] = ends;
      if (fcntl(read, F_SETPIPE_SZ, 'int', WIDE_PIPE_BYTES) >= 0) return {read, write};
      const error = failure('fcntl', read);
      for (const end of ends) closeSync(end);
      throw error;
    },
    makeMallocThrifty({arenas, largeBytes, keptBytes}) {
      mallopt?.(MALLOC.arenaMax, arenas);
      // Else glibc raises the threshold to the largest buffer that was ever freed, and packs end up between small things.
      mallopt?.(MALLOC.mmapThreshold, largeBytes);
      mallopt?.(MALLOC.trimThreshold, keptBytes);
    },
    trimMalloc() {
      mallocTrim?.(0);
    },
    openNameless(directory) {
      const fd = Number(openat(directory, HERE, O_NAMELESS, 'unsigned int', 0o600));
      if (fd < 0) throw failure('openat', directory);
      return fd;
    },
    linkNameless(fd, directory, name) {
      const path = cPath(name, 'linkat');
      // Half the price of the way through /proc, but it needs a capability, or Linux 6.10.
      if (linksEmptyPath && linkat(fd, EMPTY, directory, path, AT_EMPTY_PATH) >= 0) return;
      if (linksEmptyPath && koffi.errno() === koffi.os.errno.EEXIST) throw failure('linkat', name);
      const source = Buffer.from(`/proc/self/fd/${fd}\0`, 'latin1');
      if (linkat(AT_FDCWD, source, directory, path, AT_SYMLINK_FOLLOW) < 0) throw failure('linkat', name);
      linksEmptyPath = false;
    },
  };
  return libc;
}

/** glibc has it, musl has not. */
function bindIfThere(bound: (definition: string) => Call, definition: string): Call | undefined {
  try {
    return bound(definition);
  } catch {
    return undefined;
  }
}

/** Before version 2.33, glibc had `mknod` only as an inline function around `__xmknod`. */
function bindMknod(
  bound: (definition: string) => Call,
): (path: Buffer, mode: number, device: bigint) => number | bigint {
  try {
    return bound('int mknod(void *, unsigned int, uint64_t)');
  } catch {
    const xmknod = bound('int __xmknod(int, void *, unsigned int, void *)');
    return (path, mode, device) => xmknod(0, path, mode, BigInt64Array.of(device));
  }
}

/** A timespec's nanoseconds are never negative: a time before 1970 counts up from the second below it. */
function splitTime(times: BigInt64Array, at: number, ns: bigint): void {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  times[at] = (ns - rest) / 1_000_000_000n;
  times[at + 1] = rest;
}

function systemError(code: string, errno: number, syscall: string, place: Place): NodeJS.ErrnoException {
  const where = typeof place === 'number' ? `descriptor ${place}` : `'${place.toString()}'`;
  return Object.assign(new Error(`${code}: ${syscall} ${where}`), {code, errno: -errno, syscall});
}
