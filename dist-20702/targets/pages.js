import { isObjectName } from './object-name.js';
import { TargetError } from './target.js';
/** More names than any repository has; a store that goes on for ever must not keep us for ever. */
const MOST_PAGES = 1_000_000;
/** Yields the objects of all pages whose names begin with the prefix and can be ours. */
export async function* objectsOfPages(label, prefix, page) {
    for await (const { objects } of pages(label, prefix, page)) {
        for (const object of objects) {
            if (object.name.startsWith(prefix) && isObjectName(object.name))
                yield object;
        }
    }
}
/** Yields the folders of all pages, each once. */
export async function* foldersOfPages(label, prefix, page) {
    let last;
    for await (const { folders } of pages(label, prefix, page)) {
        for (const folder of folders) {
            if (folder !== last && isObjectName(`${prefix}${folder}`))
                yield folder;
            last = folder;
        }
    }
}
/** @throws {@link TargetError} where the store sends us in circles */
async function* pages(label, prefix, page) {
    let after;
    let firstOfLast;
    for (let count = 1;; count++) {
        const current = await page(after);
        const first = current.objects[0]?.name ?? current.folders[0];
        const isRepeated = current.next !== undefined && current.next === after;
        if (isRepeated || (first !== undefined && first === firstOfLast) || count > MOST_PAGES) {
            throw new TargetError(`${label} does not come to an end when it lists ${prefix || 'its objects'}.`, {
                transient: false,
                hint: 'The storage or something before it is broken: ask its provider.',
            });
        }
        yield current;
        if (current.next === undefined)
            return;
        after = current.next;
        firstOfLast = first;
    }
}
