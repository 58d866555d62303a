/** Pages of listings: names decoded, and cut to what lies below the repository's place. */
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { type ListPage, TargetError } from './target.ts';
/**
 * @param root what all keys of the repository begin with
 * @param label names the target in errors
 * @throws {@link TargetError} for what is no whole page of a listing, such as the welcome page of a proxy
 */
export declare function decodePage(page: ListObjectsV2CommandOutput, root: string, label: string): ListPage;
export declare function noListing(label: string): TargetError;
/** How names are written in an answer. AWS writes a blank as `+`, others as `%20`. */
export declare function decoder(encoding: string | undefined): (name: string) => string;
export declare function below(root: string, key: string): string | undefined;
/** The last component of the name of a folder, which ends in `/`. */
export declare function lastComponent(name: string | undefined): string[];
/** Listings have fractions of seconds where the header of a single object has none. In ms. */
export declare function wholeSeconds(time: Date | undefined): number;
