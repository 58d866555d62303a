/** Damage that a reader of a snapshot came across and went on past. */
import type {OpenedGeneration, SalvageStep} from '../repository/open-snapshot.ts';
import type {OnProgress} from './progress.ts';

/** An object of the repository that turned out to be missing or damaged while something was read. */
export interface MetDamage {
  readonly object: string;
  /** What is wrong with it, and what was done about it. */
  readonly problem: string;
}

/** What was found to be damaged so far, and did not stop the reading. */
export function damagedObjects({problems, lost, reader}: OpenedGeneration): MetDamage[] {
  const told = (errors: readonly {object: string; message: string}[], what: string): MetDamage[] =>
    errors.map(({object, message}) => ({
      object,
      problem: `${message.replace(`${object}: `, '')}${what}`,
    }));
  return [
    ...told(problems, '; the packs were read without it'),
    ...told(lost, '; what it held is lost, unless it lies elsewhere, too'),
    ...told(reader.salvaged, '; what is whole in it was read'),
  ];
}

/** Shows the looking into packs. */
export function salvageProgress(onProgress: OnProgress | undefined): (step: SalvageStep) => void {
  return ({packs, bytes, object}) => onProgress?.({phase: 'salvage', files: packs, bytes, current: object});
}
