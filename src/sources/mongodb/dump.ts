/** Dumps MongoDB with mongodump's archive, and counts what is in it: the witness is of the dump itself. */
import {join} from 'node:path';
import type {MongodbSourceConfig} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import type {Json} from '../../repository/canonical.ts';
import {PrivateFile} from '../../system/private-file.ts';
import type {Dump, DumpContext} from '../stream/dump.ts';
import {runProgram} from '../stream/program.ts';
import {ArchiveError, type ArchiveFacts, ArchiveReader} from './archive.ts';

export const ARCHIVE_FILE = 'mongodb.archive';

export async function* dumpMongodb(source: MongodbSourceConfig, context: DumpContext): Dump {
  const {uri, password, database, oplog, programs, witness} = source;
  if (!oplog)
    context.onNote(
      'the collections are not of one moment: without a replica set (replicaSet in the uri, or "oplog: true") there is no oplog to dump',
    );
  // The file of options is YAML, of which JSON is a part.
  using options = new PrivateFile(
    password === undefined ? '{}' : JSON.stringify({password: password.reveal()}),
  );
  const output = runProgram({
    label: 'mongodump',
    file: programs === undefined ? 'mongodump' : join(programs, 'mongodump'),
    args: [
      `--config=${options.path}`,
      `--uri=${uri}`,
      '--archive',
      '--quiet',
      '--numParallelCollections=1', // In one order each time, so that the next dump resembles this one.
      ...(oplog ? ['--oplog'] : []),
      ...(database === undefined ? [] : [`--db=${database}`]),
    ],
    secrets: password === undefined ? [] : [password],
    timeoutMs: source.timeoutMs,
    signal: context.signal,
    onSaid: (lines) => context.onNote(`mongodump said: ${lines.join('; ')}`),
    hint: 'Check address, user and password, and that mongodump is installed (the package mongodb-database-tools of MongoDB). The user needs the role "backup" (docs/databases/mongodb.md).',
  });
  const reader = new ArchiveReader(witness.rows === 'all');
  yield {name: ARCHIVE_FILE, bytes: demandWhole(output, reader)};
  const facts = reader.end();
  const tables = facts.collections.map(([name, rows]) => ({file: ARCHIVE_FILE, name, rows}));
  return {witness: witnessOf(facts, witness.rows === 'all') as unknown as Json, tables};
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

function witnessOf({serverVersion, toolVersion, collections}: ArchiveFacts, hasChecksums: boolean): object {
  return {
    kind: 'mongodb',
    version: serverVersion,
    tool: toolVersion,
    collections: collections.map(([name, documents, checksum]) => [
      name,
      documents,
      hasChecksums ? checksum : null,
    ]),
  };
}
