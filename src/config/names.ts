/** Names that the repository's layout takes for itself (docs/format.md). */
const RESERVED = new Set([
  'agents',
  'audit',
  'drills',
  'leases',
  'holdfast.json',
  'recover.py',
  'RECOVERY.md',
]);

export const SOURCE_NAME_PATTERN = '^[a-z0-9][a-z0-9._-]{0,62}$';
const SOURCE_NAME = new RegExp(SOURCE_NAME_PATTERN);

export const TAG_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:=@/+-]{0,63}$';
const TAG = new RegExp(TAG_PATTERN);

/** What is wrong with the name of a source, as the end of a sentence, or undefined. */
export function sourceNameProblem(name: string): string | undefined {
  if (RESERVED.has(name)) return 'is reserved; the repository keeps something else under that name';
  if (SOURCE_NAME.test(name)) return undefined;
  return 'cannot name a source; use up to 63 of a-z, 0-9, ".", "_" and "-", starting with a letter or digit';
}

/** A digit at its begin could change the order of the mapping that it stands in, and the first repository is special. */
export const REPOSITORY_NAME_PATTERN = '^[a-z][a-z0-9._-]{0,62}$';
const REPOSITORY_NAME = new RegExp(REPOSITORY_NAME_PATTERN);

/** What is wrong with the name of one of several repositories, as the end of a sentence, or undefined. */
export function repositoryNameProblem(name: string): string | undefined {
  if (REPOSITORY_NAME.test(name)) return undefined;
  return 'cannot name a repository; use up to 63 of a-z, 0-9, ".", "_" and "-", starting with a letter';
}

/** What is wrong with a tag, as the end of a sentence, or undefined. */
export function tagProblem(tag: string): string | undefined {
  if (TAG.test(tag)) return undefined;
  return 'is not a tag; use up to 64 letters, digits and . _ : = @ / + -, starting with a letter or digit';
}

/** What is wrong with the name of a file in a snapshot, as the end of a sentence, or undefined. */
export function fileNameProblem(name: string): string | undefined {
  if (name === '.' || name === '..') return 'names a folder, not a file';
  if (/[/\0]/.test(name)) return 'must be the name of a file, without `/`';
  return Buffer.byteLength(name) > 255 ? 'is longer than 255 bytes' : undefined;
}
