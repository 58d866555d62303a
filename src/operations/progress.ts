/** What an operation is doing. */
export type ProgressPhase =
  | 'scan'
  | 'backup'
  | 'upload'
  | 'restore'
  | 'salvage'
  | 'verify'
  | 'rebuild'
  | 'replicate'
  | 'prune';

/** How much of something is done, and of how much if that is known. */
export interface ProgressCount {
  readonly done: number;
  readonly total?: number | undefined;
}

/** A moment of an operation. Emitted as often as there is news: whoever shows it decides how often. */
export interface ProgressEvent {
  readonly phase: ProgressPhase;
  readonly files: ProgressCount;
  readonly bytes: ProgressCount;
  /** The file or object at hand; names of files are bytes, as they came from the file system. */
  readonly current?: Uint8Array | string | undefined;
}

export type OnProgress = (event: ProgressEvent) => void;
