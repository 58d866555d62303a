/** Restores one database of an archive with mongorestore, and compares the copy with what was in the archive. */
import type {MongodbConnection} from '../../config/source-types.ts';
import {RestoreError} from '../../errors.ts';
import {runProgram} from '../stream/program.ts';
import {MongodbAccess} from './access.ts';
import {ArchiveError, type ArchiveFacts, ArchiveReader} from './archive.ts';
import {hostsOf, type MongodbWitness} from './dump.ts';

export interface MongodbRestore {
  readonly connection: MongodbConnection;
  /** The database to make. */
  readonly name: string;
  /** The database of the archive. */
  readonly from: string;
  readonly witness: MongodbWitness;
  /** The whole archive. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Drop the collections that are there and in the dump. */
  readonly overwrite: boolean;
  /** The same for the very database that was dumped. */
  readonly inPlace: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface MongodbRestored {
  readonly warnings: readonly string[];
  /** Where the copy differs from the dump; each as a sentence. */
  readonly problems: readonly string[];
}

/** @throws {@link RestoreError} if it cannot be restored there */
export async function restoreMongodb(options: MongodbRestore): Promise<MongodbRestored> {
  const {connection, name, from, witness, content, signal} = options;
  using access = new MongodbAccess(connection);
  const before = await guard(options, access);
  const drops = options.overwrite || options.inPlace;
  const load = runProgram({
    label: 'mongorestore',
    file: access.program('mongorestore'),
    args: [
      ...access.options,
      '--archive',
      '--quiet',
      '--stopOnError',
      `--nsInclude=${pattern(from)}.*`,
      ...(name === from ? [] : [`--nsFrom=${pattern(from)}.*`, `--nsTo=${pattern(name)}.*`]),
      ...(drops ? ['--drop'] : []),
    ],
    input: content,
    env: access.env,
    secrets: access.secrets,
    timeoutMs: Number.POSITIVE_INFINITY, // Indexes are built in silence.
    signal,
    hint: `What it loaded is in ${name}. The user needs the role "restore"; the dump itself comes back with --to DIR.`,
  });
  for await (const _piece of load);
  const hasChecksums = collectionsOf(witness, from).some(([, , checksum]) => checksum !== null);
  const copy = await look(access, name, hasChecksums, signal);
  const expected = collectionsOf(witness, from);
  const others = before.filter((collection) => !expected.some(([known]) => known === collection));
  const replayed = witness.collections.some(([known, count]) => known === '.oplog' && count > 0);
  return {
    problems: compare(expected, collectionsOf(copy, name)),
    warnings: [
      ...(others.length === 0
        ? []
        : [`${name} has collections that are not of the dump, and stay: ${others.slice(0, 5).join(', ')}.`]),
      ...(replayed
        ? [
            'The collections are of different moments: the oplog is replayed only where all databases are restored, by hand (docs/databases/mongodb.md).',
          ]
        : []),
    ],
  };
}

/** @returns the collections that are there. @throws {@link RestoreError} if they must not be touched */
async function guard(
  {connection, name, from, witness, overwrite, inPlace, signal}: MongodbRestore,
  access: MongodbAccess,
): Promise<string[]> {
  const isSource = hostsOf(connection.uri).some((host) => witness.hosts?.includes(host));
  if (isSource && name === from && !inPlace) {
    throw new RestoreError(`${name} on this server is the database that was dumped.`, {
      hint: 'Name another database. With --in-place its collections are dropped first: make a backup of it before.',
    });
  }
  const {serverVersion, names} = await look(access, name, false, signal);
  if (numberOf(serverVersion) < numberOf(witness.version)) {
    throw new RestoreError(
      `The dump is of MongoDB ${witness.version}; the server is ${serverVersion}, which is older.`,
      {hint: 'Restore into a server that is as new or newer; the dump itself comes back with --to DIR.'},
    );
  }
  if (names.length > 0 && !overwrite && !inPlace) {
    throw new RestoreError(`The database ${name} is there already, and is not empty.`, {
      hint: 'Name another database. With --overwrite always those of its collections are dropped that are in the dump.',
    });
  }
  return names;
}

/** What is in a database of the server, by a dump of it that nobody keeps. */
async function look(
  access: MongodbAccess,
  database: string,
  checksums: boolean,
  signal: AbortSignal | undefined,
): Promise<ArchiveFacts & {names: string[]}> {
  const reader = new ArchiveReader(checksums);
  const dump = runProgram({
    label: 'mongodump',
    file: access.program('mongodump'),
    args: [...access.options, '--archive', '--quiet', `--db=${database}`],
    env: access.env,
    secrets: access.secrets,
    signal,
    hint: 'Check address, user and password, and that mongodump and mongorestore are installed (the package mongodb-database-tools of MongoDB).',
  });
  try {
    for await (const piece of dump) reader.push(piece);
    const facts = reader.end();
    return {...facts, names: facts.collections.map(([name]) => name.slice(database.length + 1))};
  } catch (cause) {
    if (!(cause instanceof ArchiveError)) throw cause;
    throw new RestoreError(`What is in ${database} cannot be read: ${cause.message}.`, {cause});
  }
}

type Collections = readonly (readonly [name: string, documents: number, checksum: string | null])[];

/** Those of one database, by their names in it. */
function collectionsOf({collections}: {collections: Collections}, database: string): Collections {
  return collections
    .filter(([name]) => name.startsWith(`${database}.`))
    .map(([name, documents, checksum]) => [name.slice(database.length + 1), documents, checksum]);
}

function compare(expected: Collections, actual: Collections): string[] {
  const found = new Map(actual.map((collection) => [collection[0], collection]));
  return expected.flatMap(([name, documents, checksum]) => {
    const copy = found.get(name);
    if (copy === undefined) return [`The collection ${name} is missing.`];
    if (copy[1] !== documents)
      return [`The collection ${name} has ${copy[1]} documents; the dump has ${documents}.`];
    if (checksum !== null && copy[2] !== checksum)
      return [`The collection ${name} has other content than the dump, in ${documents} documents.`];
    return [];
  });
}

/** A name as a pattern of mongorestore that stands for it alone. */
function pattern(name: string): string {
  return name.replaceAll(/[\\*$]/g, '\\$&');
}

/** `7.0.2`, comparable by its first two numbers. */
function numberOf(version: string): number {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 1000 + Number(minor);
}
