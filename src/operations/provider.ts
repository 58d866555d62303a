/** What a storage told of itself at `init`, and what of that has changed: kept in the catalog, since the marker is never rewritten. */
import type {Catalog} from '../catalog/catalog.ts';
import type {TargetFact} from '../targets/target.ts';

interface Remembered {
  /** When it told. */
  readonly at: string;
  readonly facts: readonly {readonly name: string; readonly detail: string}[];
}

export function rememberProvider(
  {places}: Catalog,
  label: string,
  facts: readonly TargetFact[],
  now: Date,
): void {
  const remembered: Remembered = {
    at: now.toISOString(),
    facts: facts.map(({name, detail}) => ({name, detail})),
  };
  places.setProvider(label, JSON.stringify(remembered));
}

/** Sentences on what has changed since `init`; undefined where nothing was remembered. */
export function providerChanges(
  {places}: Catalog,
  label: string,
  facts: readonly Pick<TargetFact, 'name' | 'detail'>[],
): string[] | undefined {
  const text = places.provider(label);
  if (text === undefined) return undefined;
  const {at, facts: before} = JSON.parse(text) as Remembered;
  return before.flatMap(({name, detail}) => {
    const now = facts.find((fact) => fact.name === name)?.detail;
    return now === undefined || now === detail
      ? []
      : [`${name}: "${detail}" on ${at.slice(0, 10)}, now "${now}"`];
  });
}
