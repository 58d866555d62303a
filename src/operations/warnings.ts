import {WARNINGS_MOST, type Warning} from '../repository/snapshot.ts';
import {pathText} from '../system/utf8.ts';

/** Notes of one run: the first thousand, and how many more there were. */
export class NoteList {
  readonly kept: string[] = [];
  omitted = 0;
  /** How many are of what is left out on purpose. */
  leftOut = 0;

  add(note: string, kind?: 'left-out'): void {
    if (kind === 'left-out') this.leftOut++;
    if (this.kept.length < WARNINGS_MOST) this.kept.push(note);
    else this.omitted++;
  }
}

/** Warnings of one run, in whose paths bytes that are not UTF-8 are escaped as `\xff`: the first thousand, and how many more there were. */
export class WarningList {
  readonly kept: Warning[] = [];
  omitted = 0;

  add(path: Buffer, problem: string): void {
    if (this.kept.length < WARNINGS_MOST) this.kept.push({path: pathText(path), problem});
    else this.omitted++;
  }

  get count(): number {
    return this.kept.length + this.omitted;
  }
}
