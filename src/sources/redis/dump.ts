/** Streams the data of a Redis or Valkey server as an RDB file, the way a replica gets it. */
import {URL} from 'node:url';
import type {RedisSourceConfig} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import type {Json} from '../../repository/canonical.ts';
import type {Dump, DumpContext} from '../stream/dump.ts';
import {withoutVariables} from '../stream/environment.ts';
import {collectOutput, runProgram} from '../stream/program.ts';
import {RdbWitness, type RedisWitness} from './witness.ts';

export const RDB_FILE = 'dump.rdb';
const HEAD = 'REDIS';
/** The last opcode, and a checksum of 8 bytes. */
const END_BYTES = 9;
const END_OPCODE = 0xff;
const MARK_BYTES = 40;

export async function* dumpRedis(source: RedisSourceConfig, context: DumpContext): Dump {
  const {common, args} = client(source, context.signal);
  const {label} = common;
  const info = await redisInfo(source, context.signal);
  const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1];
  if (version === undefined) {
    throw new SourceError(`${label} gave no facts: ${info.trim().slice(0, 200)}.`, {hint: common.hint});
  }
  // Counted a moment before the dump: the server tells no numbers of the dump itself.
  const keysBefore = [...info.matchAll(/^db(\d+):keys=(\d+)/gm)].map(
    ([, database, count]) => [Number(database), Number(count)] as const,
  );
  const rdb = runProgram({...common, args: [...args, '--rdb', '-'], timeoutMs: source.timeoutMs});
  const reader = source.witness.rows === 'none' ? undefined : new RdbWitness(source.witness);
  const bytes = demandRdb(rdb, label);
  yield {name: RDB_FILE, bytes: reader === undefined ? bytes : readAlong(bytes, reader)};
  const read = reader?.end() ?? null;
  if (typeof read === 'string')
    context.onNote(`The witness has no checksums of the keys, only how many there are: ${read}.`);
  const witness: RedisWitness = {version, keysBefore, contents: typeof read === 'string' ? null : read};
  return {witness: {kind: 'redis', ...witness} as unknown as Json};
}

/** What the server says of itself. */
export async function redisInfo(source: RedisSourceConfig, signal: AbortSignal | undefined): Promise<string> {
  const {common, args} = client(source, signal);
  return await collectOutput({...common, args: [...args, 'INFO'], timeoutMs: 60_000});
}

function client(source: RedisSourceConfig, signal: AbortSignal | undefined) {
  const url = new URL(source.url);
  const common = {
    label: `redis-cli of ${source.name}`,
    file: 'redis-cli',
    env: {...withoutVariables(source.hidden), REDISCLI_AUTH: source.password?.reveal()},
    secrets: source.password === undefined ? [] : [source.password],
    signal,
    hint: 'Check address, user and password, and that redis-cli is installed (package redis-tools). The user needs the rights of a replica (docs/databases/redis.md).',
  };
  const args = [
    '-h',
    url.hostname || '127.0.0.1',
    '-p',
    url.port || '6379',
    ...(url.protocol === 'rediss:' ? ['--tls'] : []),
    ...(url.username === '' ? [] : ['--user', decodeURIComponent(url.username)]),
    '--no-auth-warning',
  ];
  return {common, args};
}

async function* readAlong(stream: AsyncIterable<Uint8Array>, reader: RdbWitness): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    reader.push(piece); // Before it is given away.
    yield piece;
  }
}

/**
 * Takes off the mark that redis-cli leaves at the end of what a server streamed without a file.
 * @throws {@link SourceError} unless what is left begins and ends as an RDB file does
 */
export async function* demandRdb(
  stream: AsyncIterable<Uint8Array>,
  label: string,
): AsyncGenerator<Uint8Array> {
  let head = '';
  let kept = Buffer.alloc(0);
  for await (const piece of stream) {
    if (head.length < HEAD.length)
      head += Buffer.from(piece).toString('latin1', 0, HEAD.length - head.length);
    const all = Buffer.concat([kept, piece]);
    const passed = Math.max(0, all.length - MARK_BYTES - END_BYTES);
    kept = all.subarray(passed);
    if (passed > 0) yield all.subarray(0, passed);
  }
  const isMarked = /^[0-9a-f]{40}$/.test(kept.toString('latin1', kept.length - MARK_BYTES));
  const end = isMarked ? kept.subarray(0, -MARK_BYTES) : kept;
  if (head === HEAD && end.length >= END_BYTES && end.at(-END_BYTES) === END_OPCODE) yield end;
  else {
    throw new SourceError(`${label} ended without the end that a whole RDB file has. No snapshot was made.`, {
      hint: 'The program said that it succeeded, but its output is cut off. Run it by hand to see why.',
    });
  }
}
