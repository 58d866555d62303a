import {isObjectName} from './object-name.ts';
import {type CallOptions, type ListPage, type ObjectInfo, type Target, TargetError} from './target.ts';

/** More names than any repository has; a store that goes on for ever must not keep us for ever. */
const MOST_PAGES = 1_000_000;

/** What lists in pages. */
export type Pager = Required<Pick<Target, 'label' | 'listPage'>>;

/** Yields the objects of all pages whose names begin with the prefix and can be ours. */
export async function* objectsOfPages(
  pager: Pager,
  prefix: string,
  options: CallOptions,
): AsyncIterable<ObjectInfo> {
  for await (const {objects} of pages(pager, prefix, false, options)) {
    for (const object of objects) {
      if (object.name.startsWith(prefix) && isObjectName(object.name)) yield object;
    }
  }
}

/** Yields the folders of all pages, each once. */
export async function* foldersOfPages(
  pager: Pager,
  prefix: string,
  options: CallOptions,
): AsyncIterable<string> {
  let last: string | undefined;
  for await (const {folders} of pages(pager, prefix, true, options)) {
    for (const folder of folders) {
      if (folder !== last && isObjectName(`${prefix}${folder}`)) yield folder;
      last = folder;
    }
  }
}

/** @throws {@link TargetError} where the store sends us in circles */
async function* pages(
  pager: Pager,
  prefix: string,
  folders: boolean,
  options: CallOptions,
): AsyncIterable<ListPage> {
  let after: string | undefined;
  let firstOfLast: string | undefined;
  for (let count = 1; ; count++) {
    const current = await pager.listPage(prefix, {after, folders}, options);
    const first = current.objects[0]?.name ?? current.folders[0];
    const isRepeated = current.next !== undefined && current.next === after;
    if (isRepeated || (first !== undefined && first === firstOfLast) || count > MOST_PAGES) {
      throw new TargetError(
        `${pager.label} does not come to an end when it lists ${prefix || 'its objects'}.`,
        {
          transient: false,
          hint: 'The storage or something before it is broken: ask its provider.',
        },
      );
    }
    yield current;
    if (current.next === undefined) return;
    after = current.next;
    firstOfLast = first;
  }
}
