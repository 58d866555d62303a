/** What a drill has restored, as its checks see it. */
import type {Secret} from '../../system/secret.ts';
import type {MetDamage} from '../damaged-objects.ts';

/** A check with everything that is known of it. What `more` says stays on this machine: it may name files and values. */
export interface FullCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly more: readonly string[];
}

/** A repository that is damaged has to be noticed, also where everything came back nevertheless. */
export function damageChecks(objects: readonly MetDamage[]): FullCheck[] {
  if (objects.length === 0) return [];
  return [
    {
      name: 'repository whole',
      ok: false,
      detail: `${objects.length} stored objects are damaged or missing`,
      more: [...new Set(objects.map(({object, problem}) => `${object}: ${problem}`))],
    },
  ];
}

/** One source, restored. */
export interface Stage {
  readonly source: string;
  /** The folder with its files, if it was restored as files. */
  readonly folder?: string | undefined;
  /** The address of its server; it holds a password. */
  readonly url?: Secret | undefined;
  /** The one value that a query answers with. @throws RestoreError, SourceError */
  readonly query?: ((sql: string, database: string | undefined) => Promise<unknown>) | undefined;
  /** How many rows a table had at the dump; undefined if nobody counted. */
  readonly rowsAtDump?: ((table: string, database: string | undefined) => number | undefined) | undefined;
}

/** How a program finds what was restored: `HOLDFAST_DRILL_FOLDER` and `_URL` of the first source, and the same with each source's name. */
export function environmentOf(stages: readonly Stage[]): Record<string, string> {
  const environment: Record<string, string> = {};
  const add = (prefix: string, {folder, url}: Stage): void => {
    if (folder !== undefined) environment[`${prefix}_FOLDER`] ??= folder;
    if (url !== undefined) environment[`${prefix}_URL`] ??= url.reveal();
  };
  for (const stage of stages) {
    add('HOLDFAST_DRILL', stage);
    add(`HOLDFAST_DRILL_${stage.source.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`, stage);
  }
  return environment;
}
