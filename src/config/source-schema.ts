/** What a source may say: one kind, with what belongs to it, and what all kinds share. */
import {z} from 'zod';
import {fileNameProblem, TAG_PATTERN, tagProblem} from './names.ts';
import {command, duration, full, path, problemCheck, text} from './values.ts';

const shared = {
  before: command.optional(),
  after: command.optional(),
  full: full.optional(),
  tags: z
    .array(z.string().check(problemCheck(tagProblem)).meta({pattern: TAG_PATTERN}))
    .optional()
    .describe('Tags for every snapshot of this source.'),
  allowEmpty: z
    .boolean()
    .optional()
    .describe('Accept a source without content. Otherwise that is an error: a disk may not be mounted.'),
};

const dump = {
  ...shared,
  timeout: duration
    .optional()
    .describe('The dump is ended when it takes longer. Without it, when nothing comes for an hour.'),
};

const folder = z.strictObject({
  folder: path.describe('The folder to back up.'),
  exclude: z.array(text).optional().describe('What to leave out, as patterns in the syntax of .gitignore.'),
  excludeCaches: z.boolean().optional().describe('Leave out folders that hold a CACHEDIR.TAG.'),
  oneFileSystem: z.boolean().optional().describe('Stay on the file system of the folder.'),
  ...shared,
});

const commandOutput = z.strictObject({
  command: command.describe('What it writes to its standard output is backed up.'),
  name: text
    .check(problemCheck(fileNameProblem))
    .optional()
    .describe('The name of the file in the snapshot; by default that of the source.'),
  end: text.optional().describe('What the output must end with, but for white space, to count as whole.'),
  ...dump,
});

/** By the key that tells a source's kind. */
const KINDS = {folder, command: commandOutput} as const;

/** Kinds of sources that are yet to come. */
export const LATER_KINDS: readonly string[] = ['postgres', 'mysql', 'sqlite', 'redis', 'mongodb'];

export const sourceSchema = z.union([KINDS.folder, KINDS.command]);

export type FolderInput = z.infer<typeof folder>;
export type CommandOutputInput = z.infer<typeof commandOutput>;
export type SourceInput = z.infer<typeof sourceSchema>;

/** The kinds whose keys a source has; one, if it is right. */
export function kindsIn(source: unknown): string[] {
  if (typeof source !== 'object' || source === null) return [];
  return Object.keys(source).filter((key) => Object.hasOwn(KINDS, key) || LATER_KINDS.includes(key));
}

/** The position of a source's kind in the union, for its errors: a folder where nothing tells. */
export function kindIndex(source: unknown): number {
  const [kind] = kindsIn(source);
  return Math.max(0, Object.keys(KINDS).indexOf(kind ?? ''));
}

/** The keys that may stand at a place within a source, for suggestions. */
export function sourceKeys(place: readonly PropertyKey[]): string[] {
  const [key] = place;
  if (key === undefined) {
    return [...new Set(Object.values(KINDS).flatMap(({shape}) => Object.keys(shape))), ...LATER_KINDS];
  }
  return key === 'before' || key === 'after' || key === 'command' ? ['shell'] : [];
}
