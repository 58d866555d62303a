/** A private folder for what has to be files for a while. For dumps it lies in memory: their plaintext never reaches a disk. */
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {formatSize} from '../../config/units.ts';
import {SourceError} from '../../errors.ts';
import {makeFolders} from '../../system/folders.ts';
import {identify, isRunning} from '../../system/processes.ts';

/** What is left to the rest of the machine: with less, a dump into memory is ended. */
export const RESERVE_BYTES = 256 * 2 ** 20;

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;
const PREFIX = 'holdfast-private-';

const MEMORY_HINT =
  'Name a folder on a tmpfs or ramfs as "scratch", such as one made by "mount -t ramfs -o mode=700 ramfs /run/holdfast-scratch", or use "format: custom", which needs none.';

export class ScratchFolder implements Disposable {
  /** Absolute; only this user may enter it. */
  readonly path: string;
  readonly #onExit = (): void => this.#remove();

  private constructor(path: string) {
    this.path = path;
    process.on('exit', this.#onExit);
  }

  /**
   * Makes one below `parent`, and removes those that killed processes left there.
   * @throws {@link SourceError} if it cannot be made
   */
  static make(parent: string): ScratchFolder {
    try {
      removeLeftovers(parent);
      const {pid, started} = identify();
      return new ScratchFolder(mkdtempSync(join(parent, `${PREFIX}${pid}-${started.replace(':', '+')}-`)));
    } catch (cause) {
      throw new SourceError(`No folder can be made in ${parent}: ${(cause as Error).message}.`, {
        cause,
        hint: 'Name a folder that this user may write to.',
      });
    }
  }

  /** A folder in it that does not exist yet. */
  place(name: string): string {
    return join(this.path, basename(name));
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#onExit);
    this.#remove();
  }

  #remove(): void {
    rmSync(this.path, {recursive: true, force: true, maxRetries: 3});
  }
}

/**
 * What lies in a folder must be in memory alone. A folder that is gone since the last boot is made again.
 * @throws {@link SourceError} if it may reach a disk, or cannot be used
 */
export function demandMemory(folder: string): void {
  const present = existsSync(folder) ? folder : dirname(folder);
  const kind = kindOf(present);
  if (kind === undefined) {
    throw new SourceError(
      `${folder} is on a disk, and the files of a dump in "format: directory" must not be: they are plaintext.`,
      {hint: MEMORY_HINT},
    );
  }
  const [swap] = kind === 'ramfs' ? [] : plainSwaps(readFileSync('/proc/swaps', 'utf8'), '/sys/class/block');
  if (swap !== undefined && !mountOptions(present).includes('noswap')) {
    throw new SourceError(
      `What is in ${folder} may be written to the swap space ${swap}, which is not encrypted.`,
      {hint: MEMORY_HINT},
    );
  }
  makeFolders(folder, 0o700);
}

/** How much fits into a memory file system without taking what the rest of the machine needs. */
export function freeMemoryBytes(folder: string): number {
  const {blocks, bavail, bsize} = statfsSync(folder);
  const left = Math.max(0, process.availableMemory() - RESERVE_BYTES);
  return blocks === 0 ? left : Math.min(left, bavail * bsize); // A ramfs has no size.
}

/** @throws {@link SourceError} if so many bytes do not fit */
export function demandRoom(folder: string, neededBytes: number, what: string): void {
  const free = freeMemoryBytes(folder);
  if (neededBytes <= free) return;
  throw new SourceError(
    `${what} has about ${formatSize(neededBytes)} of data, and ${folder} has room for ${formatSize(free)}.`,
    {
      hint: 'Give the machine more memory, or that file system more of it ("scratch"), or use "format: custom", which needs none.',
    },
  );
}

/** Swap spaces on disks that are not encrypted. @param swaps what /proc/swaps says @param blocks /sys/class/block */
export function plainSwaps(swaps: string, blocks: string): string[] {
  return swaps
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0] ?? '')
    .filter((path) => path !== '' && !(path.startsWith('/dev/') && isVolatile(basename(path), blocks)));
}

/** In memory, or encrypted, itself or in what it is made of. */
function isVolatile(device: string, blocks: string): boolean {
  if (/^zram\d+$/.test(device)) return true;
  try {
    if (readFileSync(join(blocks, device, 'dm', 'uuid'), 'utf8').startsWith('CRYPT-')) return true;
    const below = readdirSync(join(blocks, device, 'slaves'));
    return below.length > 0 && below.every((name) => isVolatile(name, blocks));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false; // A plain partition.
    throw error;
  }
}

function kindOf(folder: string): 'tmpfs' | 'ramfs' | undefined {
  try {
    const type = statfsSync(folder).type >>> 0;
    return type === TMPFS ? 'tmpfs' : type === RAMFS ? 'ramfs' : undefined;
  } catch (cause) {
    throw new SourceError(`${folder} cannot be used: ${(cause as Error).message}.`, {
      cause,
      hint: MEMORY_HINT,
    });
  }
}

/** The options of the file system that a folder lies on, by /proc/self/mountinfo. */
function mountOptions(folder: string): string[] {
  const {dev} = statSync(folder);
  const [major, minor] = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)];
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((text) => text.split(' ')[2] === `${major}:${minor}`);
  return line?.split(' ').at(-1)?.split(',') ?? [];
}

/** Those of this user whose process is gone. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid, started] = /^holdfast-private-(\d+)-(.*)-[^-]+$/.exec(name) ?? [];
    if (pid === undefined || started === undefined) continue;
    const path = join(parent, name);
    const owner = lstatSync(path, {throwIfNoEntry: false})?.uid;
    if (owner !== process.getuid?.() || isRunning({pid: Number(pid), started: started.replace('+', ':')}))
      continue;
    rmSync(path, {recursive: true, force: true, maxRetries: 3});
  }
}
