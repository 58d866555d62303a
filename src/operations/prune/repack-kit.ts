/** The emergency kit of an earlier version does not know what stands in for what: the one of this version takes its place first. */
import {isOurKit, kitFiles} from '../../repository/kit.ts';
import type {Repository} from '../../repository/repository.ts';
import {readObject} from '../../targets/read.ts';

const KIT_MOST_BYTES = 2 ** 20;

/** What is there and was not written by Holdfast stays as it is: `verify` tells of it. */
export async function refreshKit({target}: Repository): Promise<void> {
  for (const file of kitFiles()) {
    const {name, content} = file;
    if ((await target.stat(name)) === undefined) {
      await target.put(name, content);
      continue;
    }
    const found = Buffer.from(await readObject(target, name, {maxBytes: KIT_MOST_BYTES}));
    if (!found.equals(content) && isOurKit(file, found)) await target.replace(name, content);
  }
}
