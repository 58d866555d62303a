/** What a `swift://` address says. */
export interface SwiftPlace {
    readonly container: string;
    /** What stands before each object's name: empty, or ending in `/`. */
    readonly prefix: string;
    /** An entry of clouds.yaml. */
    readonly cloud: string | undefined;
    readonly region: string | undefined;
    readonly interface: string | undefined;
    /** How long the objects of a generation are kept by the store; it deletes them then. */
    readonly expireAfterMs: number | undefined;
}
/** @throws {@link UsageError}, which repeats nothing of the address but names of parameters: the rest may be secret */
export declare function parseSwiftUrl(url: string): SwiftPlace;
