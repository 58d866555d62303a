import { TargetError } from './target.js';
/**
 * @param root what all keys of the repository begin with
 * @param label names the target in errors
 * @throws {@link TargetError} for what is no whole page of a listing, such as the welcome page of a proxy
 */
export function decodePage(page, root, label) {
    const { Contents = [], CommonPrefixes = [], IsTruncated, NextContinuationToken } = page;
    if (IsTruncated === undefined)
        throw noListing(label);
    if (IsTruncated && NextContinuationToken === undefined)
        throw noListing(label);
    const decode = decoder(page.EncodingType);
    return {
        objects: Contents.flatMap(({ Key = '', Size, LastModified }) => {
            const name = below(root, decode(Key));
            return name === undefined || Size === undefined
                ? []
                : [{ name, sizeBytes: Size, modifiedMs: wholeSeconds(LastModified) }];
        }),
        folders: CommonPrefixes.flatMap(({ Prefix = '' }) => lastComponent(below(root, decode(Prefix)))),
        next: IsTruncated ? NextContinuationToken : undefined,
    };
}
export function noListing(label) {
    return new TargetError(`Cannot list objects in ${label}: the answer is no whole listing.`, {
        transient: true,
    });
}
/** How names are written in an answer. AWS writes a blank as `+`, others as `%20`. */
export function decoder(encoding) {
    if (encoding !== 'url')
        return (name) => name;
    return (name) => {
        try {
            return decodeURIComponent(name.replaceAll('+', ' '));
        }
        catch {
            return ''; // A name that is not UTF-8 is none of ours.
        }
    };
}
export function below(root, key) {
    return key.startsWith(root) ? key.slice(root.length) : undefined;
}
/** The last component of the name of a folder, which ends in `/`. */
export function lastComponent(name) {
    const component = name?.endsWith('/') ? name.slice(name.lastIndexOf('/', name.length - 2) + 1, -1) : '';
    return component === '' ? [] : [component];
}
/** Listings have fractions of seconds where the header of a single object has none. In ms. */
export function wholeSeconds(time) {
    return Math.floor((time?.getTime() ?? 0) / 1000) * 1000;
}
