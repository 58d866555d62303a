/** The places that hold the same repository, in one run. */
import type {SourceConfig} from '../config/source-types.ts';
import {HoldfastError} from '../errors.ts';
import type {Target} from '../targets/target.ts';
import type {BackupContext} from './backup.ts';

/** One of the places, and what became of it in this run. */
export class Place {
  readonly name: string;
  /** Undefined where it could not even be opened; `error` says why. */
  readonly target: Target | undefined;
  /** The label of the target, or the address. */
  readonly label: string;
  /** Why nothing more is stored there in this run. */
  error: HoldfastError | undefined;
  /** Whether it is known to hold this repository. */
  isAdmitted = false;
  /** Stored there in this run. */
  bytes = 0;
  /** That it got from another place in this run. */
  snapshotsCopied = 0;
  /** Sources whose newest snapshot it has. */
  readonly current = new Set<string>();

  constructor(name: string, target: Target | undefined, label: string, error?: HoldfastError) {
    this.name = name;
    this.target = target;
    this.label = label;
    this.error = error;
  }

  /** @throws what is no answer to whether this place can be used */
  fail(error: unknown, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (!(error instanceof HoldfastError)) throw error;
    this.error ??= error;
  }
}

export interface PlacesJob {
  readonly source: SourceConfig;
  /** In the order of preference: backups are made in the first that can be used. */
  readonly places: readonly Place[];
}

export interface PlacesContext extends BackupContext {
  /** Whether a place was seen to hold this repository; then an empty one is not made anew. */
  wasMet(label: string): boolean;
  met(label: string): void;
}

export function targetOf({target, error}: Place): Target {
  if (target !== undefined) return target;
  throw error ?? new Error('a place that is not open says why');
}
