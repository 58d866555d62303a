/** Which source goes to which places: what the config and --also-to say, opened. */
import type {SourceConfig} from '../config/source-types.ts';
import {HoldfastError} from '../errors.ts';
import {Place, type PlacesJob} from '../operations/place.ts';
import {addressOf} from './chosen-config.ts';
import type {CliContext} from './context.ts';

export interface BackupJobs extends AsyncDisposable {
  readonly jobs: readonly PlacesJob[];
  /** All places, each once; the one of the context among them. */
  readonly places: readonly Place[];
}

/**
 * @param alsoTo names from the config, or addresses
 * @param only whether the repository was named, so that the config's places do not count
 * @throws UsageError for an address that names no place; what cannot be opened for other reasons is a place that cannot be used
 */
export async function openJobs(
  context: CliContext,
  sources: readonly SourceConfig[],
  {alsoTo, only}: {alsoTo: readonly string[]; only: boolean},
): Promise<BackupJobs> {
  const {config} = context;
  const opened = new Map<string, Place>();
  const here = new Place(context.placeName, context.target, context.target.label);
  here.isAdmitted = true;
  opened.set(here.name, here);
  const open = async (name: string): Promise<Place> => {
    const place = opened.get(name) ?? (await openPlace(context, name));
    const same = [...opened.values()].find(({label}) => label === place.label);
    opened.set(name, same ?? place);
    return same ?? place;
  };
  const jobs: PlacesJob[] = [];
  for (const source of sources) {
    const names = only
      ? [here.name]
      : (source.repositories ?? [...(config?.repositories.keys() ?? [here.name])]);
    const places: Place[] = [];
    for (const name of [...names, ...alsoTo]) places.push(await open(name));
    jobs.push({source, places: [...new Set(places)]});
  }
  const places = [...new Set(jobs.flatMap((job) => job.places))];
  return {
    jobs,
    places,
    async [Symbol.asyncDispose]() {
      for (const place of places) if (place !== here) await place.target?.[Symbol.asyncDispose]();
    },
  };
}

async function openPlace(context: CliContext, name: string): Promise<Place> {
  const known = context.unusable.get(name);
  const address = addressOf(name, context.config);
  if (known !== undefined) return new Place(name, undefined, address, known);
  try {
    const target = await context.openOther(name);
    return new Place(name, target, target.label);
  } catch (error) {
    // What the config names was checked; missing credentials, say, are no reason not to back up elsewhere.
    if (!(error instanceof HoldfastError) || address === name) throw error;
    return new Place(name, undefined, address, error);
  }
}
