/** One small file for each address, so that runs of several repositories do not write over each other. */
export declare class KnownPlaces {
    #private;
    constructor(folder: string);
    /**
     * The id of the repository that was met at an address.
     * @param address a target's label
     * @throws CatalogError if the file is there but unusable
     */
    at(address: string): string | undefined;
    remember(address: string, id: string): void;
    path(address: string): string;
}
