/** What sources give that are streams: files one after the other, each read to its end before the next is asked for. */
import type {Json} from '../../repository/canonical.ts';

/** One file of a dump. */
export interface DumpFile {
  /** Its name in the snapshot. */
  readonly name: string;
  /** The folder of the snapshot that it lies in, one of files that may be empty; undefined for the snapshot itself. */
  readonly folder?: string;
  /** By what the last version of it is found; by its path where undefined. */
  readonly sameAs?: string | undefined;
  /** Ends only when the content is known to be whole. @throws SourceError if it is not */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Content that is changed in place, in pages: it is cut every so many bytes. Undefined to cut by content. */
  readonly chunkBytes?: number;
}

/** One table of a dump. */
export interface TableCount {
  /** The file of its database. */
  readonly file: string;
  /** With its schema, where there are such. */
  readonly name: string;
  /** Null where they were not counted. */
  readonly rows: number | null;
}

/** What is known of a dump beside its files. */
export interface DumpFacts {
  /** Facts read in the same state as the dump, to compare a restored copy with. */
  readonly witness?: Json;
  readonly tables?: readonly TableCount[];
}

/** Makes a dump while it is read; whoever stops reading ends the programs behind it. */
export type Dump = AsyncGenerator<DumpFile, DumpFacts>;

/** What a dump needs of its surroundings. */
export interface DumpContext {
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  /** Something worth telling that is no warning. */
  onNote(note: string): void;
  /** The dump counts, but something of it is not as it should be. */
  onWarning(problem: string): void;
}

/** The name of a database as that of a file: it may be called anything. */
export function fileName(database: string): string {
  return database.replaceAll(/[/%\0]/g, (char) => encodeURIComponent(char));
}
