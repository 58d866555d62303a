/** Dumps MongoDB with mongodump's archive, and counts what is in it: the witness is of the dump itself. */
import {parseMongodbUri} from '../../config/mongodb-uri.ts';
import type {MongodbSourceConfig} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import type {Json} from '../../repository/canonical.ts';
import type {Dump, DumpContext} from '../stream/dump.ts';
import {runProgram} from '../stream/program.ts';
import {MongodbAccess} from './access.ts';
import {ArchiveError, type ArchiveFacts, ArchiveReader} from './archive.ts';

/** What is stored of a dump beside it. */
export interface MongodbWitness {
  readonly kind: 'mongodb';
  /** Of the server. */
  readonly version: string;
  readonly tool: string;
  /** The servers that were named; older snapshots do not know them. */
  readonly hosts?: readonly string[];
  /** database.collection, documents, checksum of them in any order; null where none was made. */
  readonly collections: readonly (readonly [name: string, documents: number, checksum: string | null])[];
}

export const ARCHIVE_FILE = 'mongodb.archive';

export async function* dumpMongodb(source: MongodbSourceConfig, context: DumpContext): Dump {
  const {connection, database, oplog, witness} = source;
  if (!oplog)
    context.onNote(
      'the collections are not of one moment: without a replica set (replicaSet in the uri, or "oplog: true") there is no oplog to dump',
    );
  using access = new MongodbAccess(connection);
  const output = runProgram({
    label: 'mongodump',
    file: access.program('mongodump'),
    args: [
      ...access.options,
      '--archive',
      '--quiet',
      '--numParallelCollections=1', // In one order each time, so that the next dump resembles this one.
      ...(oplog ? ['--oplog'] : []),
      ...(database === undefined ? [] : [`--db=${database}`]),
    ],
    env: access.env,
    secrets: access.secrets,
    timeoutMs: source.timeoutMs,
    signal: context.signal,
    onSaid: (lines) => context.onNote(`mongodump said: ${lines.join('; ')}`),
    hint: 'Check address, user and password, and that mongodump is installed (the package mongodb-database-tools of MongoDB). The user needs the role "backup" (docs/databases/mongodb.md).',
  });
  const reader = new ArchiveReader(witness.rows === 'all');
  yield {name: ARCHIVE_FILE, bytes: demandWhole(output, reader)};
  const facts = reader.end();
  const tables = facts.collections.map(([name, rows]) => ({file: ARCHIVE_FILE, name, rows}));
  return {witness: witnessOf(source, facts) as unknown as Json, tables};
}

/** @throws {@link SourceError} unless it is a whole archive */
export async function* demandWhole(
  stream: AsyncIterable<Buffer>,
  reader: ArchiveReader,
): AsyncGenerator<Buffer> {
  const checked = (check: () => void): void => {
    try {
      check();
    } catch (cause) {
      if (!(cause instanceof ArchiveError)) throw cause;
      throw new SourceError(`mongodump gave no whole archive: ${cause.message}. No snapshot was made.`, {
        cause,
        hint: 'The program said that it succeeded, but its output is not whole. Run it by hand to see why.',
      });
    }
  };
  for await (const piece of stream) {
    checked(() => reader.push(piece));
    yield piece;
  }
  checked(() => reader.end());
}

function witnessOf(
  {connection, witness}: MongodbSourceConfig,
  {serverVersion, toolVersion, collections}: ArchiveFacts,
): MongodbWitness {
  return {
    kind: 'mongodb',
    version: serverVersion,
    tool: toolVersion,
    hosts: hostsOf(connection.uri),
    collections: collections.map(([name, documents, checksum]) => [
      name,
      documents,
      witness.rows === 'all' ? checksum : null,
    ]),
  };
}

/** The servers that an address names, each with its port. */
export function hostsOf(uri: string): readonly string[] {
  return parseMongodbUri(uri)?.hosts ?? [];
}
