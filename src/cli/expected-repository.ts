import type {Config} from '../config/config.ts';
import {UsageError} from '../errors.ts';
import type {KnownPlaces} from '../repository/known-places.ts';
import type {ExpectedRepository} from '../repository/repository.ts';
import {isSamePlace} from '../targets/open.ts';
import type {ContextFlags} from './chosen-config.ts';

/**
 * Which repository must be at an address: as the flag says, else the config unless it is of another address, else what this machine met there.
 * @param url how it was named
 * @param label the target's
 * @throws {@link UsageError} if the flag holds no id
 */
export function expectedRepository({
  flags,
  config,
  cwd,
  url,
  label,
  places,
}: {
  flags: ContextFlags;
  config: Config | undefined;
  cwd: string;
  url: string;
  label: string;
  places: KnownPlaces;
}): ExpectedRepository | undefined {
  const named = flags['repository-id'];
  if (named !== undefined) {
    if (!/^[0-9a-f]{32}$/.test(named))
      throw new UsageError('--repository-id is not the id of a repository.', {
        hint: 'Give all 32 digits, as "holdfast init" wrote them into the configuration.',
      });
    return {id: named, because: 'as --repository-id says', isPinned: true};
  }
  if (config?.repositoryId !== undefined) {
    const places = [...config.repositories.values()];
    if (places.length === 0 || places.some((place) => isSamePlace(place, url, cwd)))
      return {id: config.repositoryId, because: `as ${config.file} says`, isPinned: true};
  }
  const id = places.at(label);
  return id === undefined ? undefined : {id, because: 'which this machine met there before', isPinned: false};
}
