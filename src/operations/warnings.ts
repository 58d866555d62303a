import {WARNINGS_MOST, type Warning} from '../repository/snapshot.ts';

/** Warnings of one run: the first thousand, and how many more there were. */
export class WarningList {
  readonly kept: Warning[] = [];
  omitted = 0;

  add(path: Buffer, problem: string): void {
    if (this.kept.length < WARNINGS_MOST) this.kept.push({path: path.toString(), problem});
    else this.omitted++;
  }

  get count(): number {
    return this.kept.length + this.omitted;
  }
}
