import {RestoreError} from '../../errors.ts';
import {systemCode, systemWords, whyFailed} from '../../system/system-error.ts';
import {pathText} from '../../system/utf8.ts';
import type {OpenDirectory} from './directory.ts';
import type {Warnings} from './metadata.ts';

export interface WriterCounts {
  /** Entries that were made. */
  written: number;
  /** Entries that were there already, equal. */
  present: number;
  /** Entries that were not brought back, each with a warning. */
  refused: number;
}

export const NAME_NOT_ALLOWED = 'its name is not allowed (empty, ".", "..", or with "/" or NUL)';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** The storage below cannot go on, whatever the entry. */
const FATAL = new Set([...FULL, 'EIO', 'EROFS', 'ESTALE', 'ENODEV', 'ENOMEM', 'ENXIO']);

/** Counts what became of the entries, and tells apart what concerns one of them and what ends the restore. */
export class Outcome {
  readonly counts: WriterCounts = {written: 0, present: 0, refused: 0};
  readonly #warnings: Warnings;

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  /** @returns whether `name` is one component of a path; refuses the entry if not */
  acceptsName(directory: OpenDirectory, name: Buffer): boolean {
    if (nameIsSound(name)) return true;
    this.refuse(directory, name, NAME_NOT_ALLOWED);
    return false;
  }

  refuse(directory: OpenDirectory, name: Buffer, problem: string): undefined {
    this.counts.refused++;
    this.#warnings.each(directory.pathOf(name), problem);
  }

  /** Turns what the system refuses for one entry into a warning, and what it refuses for all into a {@link RestoreError}. */
  attempt<T>(directory: OpenDirectory, name: Buffer, otherwise: T, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const code = systemCode(error);
      if (error instanceof RestoreError || code === undefined) throw error;
      if (FATAL.has(code)) throw this.explain(directory.pathOf(name), error);
      this.refuse(directory, name, `cannot be written: ${whyFailed(error)}`);
      return otherwise;
    }
  }

  explain(path: Buffer, cause: unknown): RestoreError {
    const isFull = FULL.has(systemCode(cause) ?? '');
    return new RestoreError(`Cannot write ${pathText(path)}: ${whyFailed(cause)}.`, {
      cause,
      hint: isFull ? 'Make room, and run it again: it goes on where it stopped.' : systemWords(cause)?.hint,
    });
  }
}

/** One component of a path, whatever the repository says. */
export function nameIsSound(name: Buffer): boolean {
  const dots = (name.length === 1 || (name.length === 2 && name[1] === 0x2e)) && name[0] === 0x2e;
  return name.length > 0 && !dots && !name.includes(0x2f) && !name.includes(0);
}
