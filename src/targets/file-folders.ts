import {lstat, mkdir, realpath, rmdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {isMissing, systemCode} from '../system/system-error.ts';
import {syncFolder} from './file-durable.ts';
import {rootMissingError} from './file-errors.ts';

/** The folders of a file target: its root, which is only ever looked for, and those below, which are made as needed. */
export class FileFolders {
  readonly #label: string;
  readonly #root: string;
  /** Folders whose names are known to be on disk, so that a put need not sync their parents again. */
  readonly #durable = new Set<string>();
  /** Device and inode of the root when it was first seen: others later mean that a disk was unmounted. */
  #identity: string | undefined;

  constructor(label: string, root: string) {
    this.#label = label;
    this.#root = root;
  }

  /** @throws {@link TargetError} where the root is not there, or not the folder that it was */
  async requireRoot(): Promise<void> {
    const stats = await stat(this.#root).catch((cause: unknown) => {
      throw isMissing(cause) ? rootMissingError(this.#label, this.#root, cause) : cause;
    });
    const identity = `${stats.dev}:${stats.ino}`;
    this.#identity ??= identity;
    if (!stats.isDirectory() || identity !== this.#identity) throw rootMissingError(this.#label, this.#root);
  }

  /**
   * Makes a folder below the root, and those between, as far as they are missing. It syncs the parent of each at least
   * once, also of those that exist: another process may have made them just now.
   */
  async make(components: readonly string[]): Promise<void> {
    let parent = this.#root;
    if (!this.#durable.has(join(parent, ...components))) await this.requireRoot();
    for (const component of components) {
      const folder = join(parent, component);
      if (!this.#durable.has(folder)) {
        await makeFolder(folder);
        await syncFolder(parent);
        this.#durable.add(folder);
      }
      parent = folder;
    }
  }

  /** To be called when a folder turns out to be gone. */
  forget(): void {
    this.#durable.clear();
  }

  /** Whether a folder is there, and reached without a symbolic link below the root. */
  async has(components: readonly string[]): Promise<boolean> {
    await this.requireRoot();
    try {
      return (
        (await realpath(join(this.#root, ...components))) === join(await realpath(this.#root), ...components)
      );
    } catch (cause) {
      if (isMissing(cause) || systemCode(cause) === 'ELOOP') return false;
      throw cause;
    }
  }

  /** Removes a folder and those above it, as far as they are empty, and brings that to the disk. */
  async removeEmpty(components: readonly string[]): Promise<void> {
    let depth = components.length;
    for (; depth > 0; depth--) {
      const folder = join(this.#root, ...components.slice(0, depth));
      const removed = await rmdir(folder).then(
        () => true,
        () => false,
      );
      if (!removed) break;
      this.#durable.delete(folder);
    }
    await this.#syncNearest(components.slice(0, depth));
  }

  /** Syncs a folder, or the nearest one above it that another removal has left. */
  async #syncNearest(components: readonly string[]): Promise<void> {
    try {
      await syncFolder(join(this.#root, ...components));
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT' || components.length === 0) throw cause;
      await this.#syncNearest(components.slice(0, -1));
    }
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, {mode: 0o700});
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw cause;
    const stats = await lstat(folder);
    if (stats.isDirectory()) return;
    const code = stats.isSymbolicLink() ? 'ELOOP' : 'ENOTDIR';
    throw Object.assign(new Error(`${folder} is not a folder`, {cause}), {code, syscall: 'mkdir'});
  }
}
