import { type Target } from '../targets/target.ts';
import { Fields } from './fields.ts';
/** One repository that was found at its target. */
export interface Repository {
    readonly target: Target;
    readonly id: string;
    readonly created: string;
}
/**
 * Makes a place a repository.
 * @throws {@link DamageError} where its marker does not come back as it was stored
 */
export declare function createRepository(target: Target, now: Date): Promise<Repository>;
/**
 * Writes the marker of a repository; also in the place of a copy.
 * @throws {@link DamageError} where it does not come back as it was stored
 */
export declare function putMarker({ target, id, created }: Repository): Promise<void>;
/** The repository at the target, or undefined if there is none. */
export declare function findRepository(target: Target): Promise<Repository | undefined>;
/** The member `id` of a marker. @throws Error unless it is one */
export declare function repositoryId(fields: Fields): string;
/** The repository that must be at an address. */
export interface ExpectedRepository {
    readonly id: string;
    /** Who says so, as the end of a sentence: `as /etc/holdfast/holdfast.yaml says`. */
    readonly because: string;
    /** The operator says so; otherwise this machine only remembers it. */
    readonly isPinned: boolean;
}
/** @throws {@link NoRepositoryError} if there is none, or another one than is expected */
export declare function openRepository(target: Target, expected?: ExpectedRepository): Promise<Repository>;
/** @throws {@link NoRepositoryError} if this is another repository than the one that is expected */
export declare function refuseOther({ target, id }: Repository, expected: ExpectedRepository): void;
