/** The last version of a dump, kept on this machine so that the next one can be stored as what differs from it (docs/decisions/0012). */
import {BaseCache, dropBaseCache} from '../catalog/base-cache.ts';
import {decryptSmall, encryptToRecipients} from '../crypto/message.ts';
import type {BlobId} from '../repository/layout.ts';
import type {BaseBlobs} from '../repository/packing/blob-writer.ts';
import type {SourceRun} from './backup.ts';

/** Bases for the files of one run. Whatever is wrong with the cache makes a backup larger, and never stops it. */
export class SourceBases implements Disposable {
  readonly #run: SourceRun;
  #cache: BaseCache | undefined;

  private constructor(run: SourceRun, cache: BaseCache | undefined) {
    this.#run = run;
    this.#cache = cache;
  }

  /** Undefined for a source that keeps none. */
  static async open(run: SourceRun): Promise<SourceBases | undefined> {
    const {source, catalog, generation, agent, options, onNote} = run;
    if (source.kind === 'folder') return undefined;
    const path = `${catalog.path}.bases/${source.name}.db`;
    const {cacheBytes: mostBytes = 0} = source;
    if (mostBytes === 0) {
      dropBaseCache(path);
      return undefined;
    }
    // A dry run of a full backup must not take the place of what the next real one builds on.
    if (options.dryRun === true && run.kind === 'full') return new SourceBases(run, undefined);
    try {
      const cache = await BaseCache.open(path, {
        generation: generation.name,
        mostBytes,
        seal: (key) => encryptToRecipients(key, [agent.key.toPublic()]),
        open: (sealed) => decryptSmall(sealed, agent.key),
      });
      return new SourceBases(run, cache);
    } catch (error) {
      onNote?.(
        source.name,
        `the cache ${path} cannot be used: ${(error as Error).message}; more will be stored`,
      );
      return new SourceBases(run, undefined);
    }
  }

  of(file: string): BaseBlobs {
    const {catalog, generation} = this.#run;
    const isWhole = (id: Buffer): boolean => catalog.blobs.isWhole(generation.id, id);
    return {
      find: (before, content) =>
        this.#try((cache) => {
          const found = cache.find(file, before, content);
          if (found === undefined || !isWhole(found.id)) return undefined;
          return {
            id: found.id.toString('hex') as BlobId,
            read: () => this.#try((open) => open.read(found)),
          };
        }),
      stored: (before, content, id, base) =>
        this.#try((cache) => {
          const own = Buffer.from(id, 'hex');
          // Of a chunk that was known, and whose base is not, the catalog tells whether others may build on it.
          if (base === undefined && catalog.blobs.has(generation.id, own) && !isWhole(own)) return;
          if (base === undefined) cache.add(own, content);
          cache.mark(file, before, content, base === undefined ? own : Buffer.from(base, 'hex'));
        }),
    };
  }

  /** Keeps what this run was made of, for the next: its snapshot is sealed. */
  keep(): void {
    if (this.#run.options.dryRun !== true) this.#try((cache) => cache.keep());
  }

  [Symbol.dispose](): void {
    this.#cache?.[Symbol.dispose]();
  }

  #try<T>(use: (cache: BaseCache) => T): T | undefined {
    if (this.#cache === undefined) return undefined;
    try {
      return use(this.#cache);
    } catch (error) {
      const {source, onNote} = this.#run;
      onNote?.(
        source.name,
        `the cache of its last version failed: ${(error as Error).message}; more is stored`,
      );
      this.#cache[Symbol.dispose]();
      this.#cache = undefined;
      return undefined;
    }
  }
}
