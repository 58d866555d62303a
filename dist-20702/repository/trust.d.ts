export interface SeenSeal {
    readonly sequence: number;
    readonly hash: string;
    /** Problems of the history that the operator has looked at, word for word. */
    readonly accepted?: readonly string[];
}
export interface Memory {
    readonly agents: readonly string[];
    readonly seals: Readonly<Record<string, SeenSeal>>;
}
/** A small JSON file per repository, written whole; kept apart from the catalog, so that losing one does not lose the other. */
export declare class TrustFile {
    #private;
    /** @throws {@link CatalogError} if the file is there but unusable: forgetting in silence would disarm the rollback check */
    constructor(path: string, repository: string);
    get agents(): readonly string[];
    seen(source: string): SeenSeal | undefined;
    get sources(): string[];
    approve(fingerprints: readonly string[]): void;
    /** Notes newer seals; never goes back. */
    remember(seals: Readonly<Record<string, SeenSeal>>): void;
    /** Problems of a source's history that the operator has looked at; exactly these, and none that comes later. */
    accepted(source: string): readonly string[];
    /** From now on this is the newest seal, whatever was seen before, and these problems are known. */
    accept(source: string, { sequence, hash }: SeenSeal, problems: readonly string[]): void;
}
