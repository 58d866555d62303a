import {randomBytes} from 'node:crypto';
import {DamageError, NewerFormatError, NoRepositoryError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError, PlaceMissingError, type Target} from '../targets/target.ts';
import {Fields} from './fields.ts';
import {FORMAT, MARKER} from './layout.ts';

/** One repository that was found at its target. */
export interface Repository {
  readonly target: Target;
  readonly id: string;
  readonly created: string;
}

const MARKER_MOST_BYTES = 65_536;

/**
 * Makes a place a repository.
 * @throws {@link DamageError} where its marker does not come back as it was stored
 */
export async function createRepository(target: Target, now: Date): Promise<Repository> {
  const repository = {target, id: randomBytes(16).toString('hex'), created: now.toISOString()};
  await putMarker(repository);
  return repository;
}

/**
 * Writes the marker of a repository; also in the place of a copy.
 * @throws {@link DamageError} where it does not come back as it was stored
 */
export async function putMarker({target, id, created}: Repository): Promise<void> {
  const marker = Buffer.from(
    `${JSON.stringify({type: 'holdfast-repository', format: FORMAT, id, created})}\n`,
  );
  await target.put(MARKER, marker);
  // A store that changes what it is given, or lets two machines take one name, shows it now, and not with the first backup.
  if (Buffer.compare(await readObject(target, MARKER, {maxBytes: MARKER_MOST_BYTES}), marker) !== 0) {
    throw new DamageError(MARKER, 'it does not come back as it was stored', {
      hint: 'Another machine made a repository here at the same time, or the storage changes what it keeps. Use another place.',
    });
  }
}

/** The repository at the target, or undefined if there is none. */
export async function findRepository(target: Target): Promise<Repository | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readObject(target, MARKER, {maxBytes: MARKER_MOST_BYTES});
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
  try {
    const fields = Fields.parse(Buffer.from(bytes).toString('utf8'));
    if (fields.text('type') !== 'holdfast-repository') throw new Error('it is not a repository marker');
    if (fields.count('format') > FORMAT) {
      throw new NewerFormatError(
        `The repository at ${target.label} has format ${fields.count('format')}; this Holdfast reads up to ${FORMAT}.`,
        {
          hint: 'Upgrade Holdfast on this machine.',
        },
      );
    }
    if (fields.count('format') < 1) throw new Error('its format is unknown');
    return {target, id: repositoryId(fields), created: fields.time('created')};
  } catch (cause) {
    if (cause instanceof NewerFormatError) throw cause;
    throw new DamageError(MARKER, (cause as Error).message, {
      cause,
      hint: 'Restore this object from a copy, or name the right place.',
    });
  }
}

/** The member `id` of a marker. @throws Error unless it is one */
export function repositoryId(fields: Fields): string {
  const id = fields.text('id');
  if (!/^[0-9a-f]{32}$/.test(id)) throw new Error('its id is not one');
  return id;
}

/** The repository that must be at an address. */
export interface ExpectedRepository {
  readonly id: string;
  /** Who says so, as the end of a sentence: `as /etc/holdfast/holdfast.yaml says`. */
  readonly because: string;
  /** The operator says so; otherwise this machine only remembers it. */
  readonly isPinned: boolean;
}

/** @throws {@link NoRepositoryError} if there is none, or another one than is expected */
export async function openRepository(target: Target, expected?: ExpectedRepository): Promise<Repository> {
  const repository = await findRepository(target).catch((cause: unknown) => {
    if (!(cause instanceof PlaceMissingError)) throw cause;
    throw new NoRepositoryError(`There is no repository at ${target.label}. ${cause.message}`, {
      cause,
      hint: cause.hint,
    });
  });
  if (repository === undefined) throw await noRepository(target, expected);
  if (expected !== undefined) refuseOther(repository, expected);
  return repository;
}

/** @throws {@link NoRepositoryError} if this is another repository than the one that is expected */
export function refuseOther({target, id}: Repository, expected: ExpectedRepository): void {
  if (id === expected.id) return;
  throw new NoRepositoryError(
    `The repository at ${target.label} is ${id}, not ${expected.id}, ${expected.because}. Nothing was read from it or written to it.`,
    {
      hint: `Find out whether another disk or bucket is there, or whether somebody replaced the repository. If you put ${id} there yourself, say so with --repository-id ${id}.`,
    },
  );
}

async function noRepository(
  target: Target,
  expected: ExpectedRepository | undefined,
): Promise<NoRepositoryError> {
  const isLost = await holdsObjects(target);
  const should = expected === undefined ? '' : `; ${expected.id} should be there, ${expected.because}`;
  if (isLost)
    return new NoRepositoryError(
      `There is no repository at ${target.label}${should}: other objects are there, but not ${MARKER}.`,
      {
        hint: `Check the address: it may lie deeper. If it was a repository, put ${MARKER} back from another copy, or restore with recover.py, which does without (docs/emergency.md). Do not run "holdfast init" there.`,
      },
    );
  return new NoRepositoryError(`There is no repository at ${target.label}${should}.`, {
    hint:
      expected === undefined
        ? 'Check the address (is the disk mounted?), or make a repository there with "holdfast init".'
        : 'Check whether the disk is mounted, and whether somebody emptied the storage.',
  });
}

async function holdsObjects(target: Target): Promise<boolean> {
  try {
    for await (const _object of target.list('')) return true;
  } catch {
    // What may not be listed counts as not there: that there is no repository is what is to be told.
  }
  return false;
}
