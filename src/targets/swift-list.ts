/** What Swift answers when it lists. */
import {z} from 'zod';
import {type ListPage, type ObjectInfo, TargetError} from './target.ts';

const pageSchema = z.array(
  z.union([
    z.object({name: z.string(), bytes: z.int().nonnegative(), last_modified: z.string()}),
    z.object({subdir: z.string()}),
  ]),
);

/**
 * @param own what the names of our objects begin with in the container
 * @throws {@link TargetError}, transient, if the answer is no listing
 */
export function decodePage(text: string, own: string, prefix: string, what: string): ListPage {
  const objects: ObjectInfo[] = [];
  const folders: string[] = [];
  let last: string | undefined;
  for (const entry of parsePage(text, what)) {
    last = 'subdir' in entry ? entry.subdir : entry.name;
    if (!last.startsWith(own + prefix)) continue;
    if ('subdir' in entry) folders.push(last.slice((own + prefix).length).replace(/\/$/, ''));
    else
      objects.push({
        name: last.slice(own.length),
        sizeBytes: entry.bytes,
        modifiedMs: Date.parse(`${entry.last_modified}Z`) || 0,
      });
  }
  return {objects, folders, next: last?.slice(own.length)};
}

function parsePage(text: string, what: string): z.infer<typeof pageSchema> {
  try {
    return pageSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new TargetError(`${what}: the answer is no listing.`, {cause, transient: true});
  }
}
