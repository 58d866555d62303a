import {lstat, rename, rm, unlink} from 'node:fs/promises';
import {dirname, isAbsolute, join, resolve} from 'node:path';
import {isMissing, systemCode} from '../system/system-error.ts';
import {
  makeFolderTree,
  PARTIAL,
  publishByLink,
  publishWithoutLinks,
  removeQuietly,
  syncFolder,
  writePartial,
} from './file-durable.ts';
import {fileTargetError} from './file-errors.ts';
import {FileFolders} from './file-folders.ts';
import {foldersIn, holdsObject, walkFiles, walkObjects} from './file-listing.ts';
import {checkRange, notAFileError, openObject, readPieces} from './file-read.ts';
import {checkObjectName, checkPrefix} from './object-name.ts';
import {
  type ByteRange,
  type CallOptions,
  ObjectExistsError,
  type ObjectInfo,
  ObjectMissingError,
  type ObjectName,
  type Target,
  TargetError,
} from './target.ts';

export interface FileTargetOptions {
  /** False does without hard links from the start, as on file systems that have none. */
  readonly hardLinks?: boolean;
}

/** How often a folder is made again that a removal of its last object took away meanwhile. */
const FOLDER_ATTEMPTS = 5;

/**
 * Keeps objects as files below a folder, on a disk or a network file system. Files are 0600 and folders 0700, whatever
 * the umask. Partial files end in `.part`; no listing shows them. Symbolic links below the folder are not followed,
 * except by reads through a folder that somebody replaced by one: what is read is checked by whoever reads it.
 */
export class FileTarget implements Target {
  readonly label: string;
  readonly #root: string;
  #hardLinks: boolean;
  readonly #folders: FileFolders;

  /** @param root an absolute path; a symbolic link is followed here */
  constructor(root: string, {hardLinks = true}: FileTargetOptions = {}) {
    if (!isAbsolute(root)) throw new RangeError('the root of a file target must be an absolute path');
    this.#root = resolve(root);
    this.#hardLinks = hardLinks;
    this.label = `file://${this.#root}`;
    this.#folders = new FileFolders(this.label, this.#root);
  }

  async create({signal}: CallOptions = {}): Promise<void> {
    await this.#attempt('make a place for', '', signal, async () => {
      await makeFolderTree(this.#root);
      await this.#folders.requireRoot();
    });
  }

  async put(name: ObjectName, body: Uint8Array, {signal}: CallOptions = {}): Promise<void> {
    const path = this.#path(name);
    await this.#attempt('store', name, signal, async () => {
      const part = await this.#writePartial(name, body, signal);
      try {
        await this.#publish(part, path, name, signal);
      } catch (cause) {
        await removeQuietly(part);
        throw cause;
      }
      await syncFolder(dirname(path)); // Until its folder is on disk, the name is not.
    });
  }

  async replace(name: ObjectName, body: Uint8Array, {signal}: CallOptions = {}): Promise<void> {
    const path = this.#path(name);
    await this.#attempt('store', name, signal, async () => {
      const part = await this.#writePartial(name, body, signal);
      try {
        await rename(part, path);
      } catch (cause) {
        await removeQuietly(part);
        throw cause;
      }
      await syncFolder(dirname(path));
    });
  }

  async *get(name: ObjectName, range?: ByteRange, {signal}: CallOptions = {}): AsyncIterable<Uint8Array> {
    const path = this.#path(name);
    if (range !== undefined) checkRange(range);
    try {
      signal?.throwIfAborted();
      await using handle = await openObject(path).catch(async (cause: unknown) => {
        if (!isMissing(cause)) throw cause;
        await this.#folders.requireRoot();
        throw new ObjectMissingError(this.label, name, {cause});
      });
      yield* readPieces(handle, this.label, name, range, signal);
    } catch (cause) {
      throw this.#translate('read', name, signal, cause);
    }
  }

  async stat(name: ObjectName, {signal}: CallOptions = {}): Promise<ObjectInfo | undefined> {
    const path = this.#path(name);
    return await this.#attempt('look for', name, signal, async () => {
      const stats = await lstat(path).catch(async (cause: unknown) => {
        if (!isMissing(cause)) throw cause;
        await this.#folders.requireRoot();
      });
      if (stats === undefined || stats.isDirectory()) return undefined;
      if (!stats.isFile()) throw notAFileError(this.label, name);
      return {name, sizeBytes: stats.size, modifiedMs: Math.floor(stats.mtimeMs)};
    });
  }

  async *list(prefix: string, {signal}: CallOptions = {}): AsyncIterable<ObjectInfo> {
    const start = checkPrefix(prefix);
    try {
      signal?.throwIfAborted();
      if (await this.#folders.has(start)) yield* walkObjects(this.#root, start, signal);
      await this.#folders.requireRoot(); // A disk that went away meanwhile looks like an end.
    } catch (cause) {
      throw this.#translate('list', prefix, signal, cause);
    }
  }

  async *listFolders(prefix: string, {signal}: CallOptions = {}): AsyncIterable<string> {
    const start = checkPrefix(prefix);
    try {
      signal?.throwIfAborted();
      if (await this.#folders.has(start)) {
        for (const folder of await foldersIn(this.#root, start)) {
          if (await holdsObject(this.#root, [...start, folder], signal)) yield folder;
        }
      }
      await this.#folders.requireRoot();
    } catch (cause) {
      throw this.#translate('list', prefix, signal, cause);
    }
  }

  async remove(name: ObjectName, {signal}: CallOptions = {}): Promise<void> {
    const path = this.#path(name);
    await this.#attempt('remove', name, signal, async () => {
      const folders = name.split('/').slice(0, -1);
      if (!(await this.#folders.has(folders))) return;
      try {
        await unlink(path);
      } catch (cause) {
        if (isMissing(cause) || systemCode(cause) === 'EISDIR') return;
        throw cause;
      }
      await this.#folders.removeEmpty(folders);
    });
  }

  /**
   * Removes what killed runs left behind: partial files that were last written more than `olderThanMs` ago.
   *
   * @returns how many it removed
   */
  async sweepPartials(olderThanMs: number, nowMs: number, {signal}: CallOptions = {}): Promise<number> {
    return await this.#attempt('sweep partial', '', signal, async () => {
      await this.#folders.requireRoot();
      let swept = 0;
      for await (const name of walkFiles(this.#root, [], signal)) {
        if (!PARTIAL.test(name)) continue;
        const path = join(this.#root, name);
        const stats = await lstat(path).catch((cause: unknown) => {
          if (isMissing(cause)) return undefined; // Another run may sweep, too.
          throw cause;
        });
        if (stats === undefined || nowMs - stats.mtimeMs <= olderThanMs) continue;
        await rm(path, {force: true});
        swept += 1;
      }
      return swept;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #path(name: ObjectName): string {
    return join(this.#root, checkObjectName(name));
  }

  async #attempt<T>(
    operation: string,
    object: string,
    signal: AbortSignal | undefined,
    action: () => Promise<T>,
  ) {
    try {
      signal?.throwIfAborted();
      return await action();
    } catch (cause) {
      throw this.#translate(operation, object, signal, cause);
    }
  }

  #translate(operation: string, object: string, signal: AbortSignal | undefined, cause: unknown): unknown {
    if (signal?.aborted && cause === signal.reason) return cause;
    return fileTargetError(this.label, operation, object, cause);
  }

  async #writePartial(name: ObjectName, body: Uint8Array, signal: AbortSignal | undefined): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#folders.make(name.split('/').slice(0, -1));
        return await writePartial(this.#path(name), body, signal);
      } catch (cause) {
        if (systemCode(cause) !== 'ENOENT') throw cause;
        this.#folders.forget();
        await this.#folders.requireRoot();
        if (attempt === FOLDER_ATTEMPTS) throw cause;
      }
    }
  }

  async #publish(
    part: string,
    path: string,
    name: ObjectName,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let outcome: 'published' | 'taken' | 'claimed' | 'unsupported' = 'unsupported';
    if (this.#hardLinks) outcome = await publishByLink(part, path);
    if (outcome === 'unsupported') {
      this.#hardLinks = false;
      outcome = await publishWithoutLinks(part, path, signal);
    }
    if (outcome === 'taken') throw new ObjectExistsError(this.label, name);
    if (outcome === 'published') return;
    throw new TargetError(
      `Cannot store ${name} in ${this.label}: another run is storing it, or was killed while it did.`,
      {
        transient: true,
        hint: `If no other run is active, remove ${path}.claim.part and run this again.`,
      },
    );
  }
}
