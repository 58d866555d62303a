import type {ListObjectsV2CommandOutput} from '@aws-sdk/client-s3';

/** One page of a listing, with decoded names. */
export interface S3Page {
  readonly objects: readonly {
    readonly key: string;
    readonly sizeBytes: number;
    readonly modifiedMs: number;
  }[];
  /** Each ends in `/`. */
  readonly folders: readonly string[];
}

/**
 * Yields page after page.
 *
 * @param fetch gets the page that a token leads to
 * @param refuse makes the error for a listing that cannot be complete
 */
export async function* readPages(
  fetch: (token: string | undefined) => Promise<ListObjectsV2CommandOutput>,
  refuse: (why: string) => Error,
): AsyncIterable<S3Page> {
  let token: string | undefined;
  do {
    const page = await fetch(token);
    if (page.IsTruncated === undefined) throw refuse('the answer is no listing'); // Such as the welcome page of a proxy.
    yield decodePage(page);
    const next = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && next === undefined) throw refuse('the listing breaks off in its middle');
    if (next !== undefined && next === token) throw refuse('the listing does not get on');
    token = next;
  } while (token !== undefined);
}

function decodePage({Contents = [], CommonPrefixes = [], EncodingType}: ListObjectsV2CommandOutput): S3Page {
  const decode = EncodingType === 'url' ? decodeName : (name: string) => name;
  return {
    objects: Contents.flatMap(({Key, Size, LastModified}) =>
      Key === undefined || Size === undefined
        ? []
        : [{key: decode(Key), sizeBytes: Size, modifiedMs: wholeSeconds(LastModified)}],
    ),
    folders: CommonPrefixes.flatMap(({Prefix}) => (Prefix === undefined ? [] : [decode(Prefix)])),
  };
}

/** AWS writes a blank as `+`, others as `%20`. A name that is not UTF-8 becomes one that is none of ours. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return '';
  }
}

/** Listings have fractions of seconds where the header of a single object has none. In ms. */
export function wholeSeconds(time: Date | undefined): number {
  return Math.floor((time?.getTime() ?? 0) / 1000) * 1000;
}
