import type { Config } from '../config/config.ts';
import type { KnownPlaces } from '../repository/known-places.ts';
import type { ExpectedRepository } from '../repository/repository.ts';
import type { ContextFlags } from './context.ts';
/**
 * Which repository must be at an address: as the flag says, else the config unless it is of another address, else what this machine met there.
 * @param url how it was named
 * @param label the target's
 * @throws {@link UsageError} if the flag holds no id
 */
export declare function expectedRepository({ flags, config, cwd, url, label, places, }: {
    flags: ContextFlags;
    config: Config | undefined;
    cwd: string;
    url: string;
    label: string;
    places: KnownPlaces;
}): ExpectedRepository | undefined;
