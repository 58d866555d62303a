/**
 * Dumps a database in pg_dump's directory format, with several processes at once. pg_dump opens the files itself, and writes its table of
 * contents last: they cannot be pipes. So they lie in memory until they are stored, and nowhere else.
 */
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import {join} from 'node:path';
import {SourceError} from '../../errors.ts';
import type {DumpContext, DumpFile} from '../stream/dump.ts';
import {type Program, runProgram} from '../stream/program.ts';
import {demandMemory, demandRoom, RESERVE_BYTES, ScratchFolder} from '../stream/scratch-folder.ts';
import {ArchiveError, type ArchiveHead, readDirectoryToc, type TocEntry} from './archive.ts';
import type {PostgresAccess} from './connection.ts';
import {PostgresSession} from './session.ts';
import {dataBytes} from './size.ts';

const TOC = 'toc.dat';
/** How the rows of a table end. */
const END_OF_ROWS = '\\.\n\n\n';
const WATCH_MS = 500;
/** A pg_dump whose files do not grow for so long hangs. */
const SILENCE_MS = 3_600_000;

/**
 * Says before any work what would not do.
 * @param isPart if only a part of each is dumped, nobody knows how large it will be
 */
export async function demandPlace(
  access: PostgresAccess,
  databases: readonly string[],
  {scratch, isPart}: {scratch: string; isPart: boolean},
  {signal}: DumpContext,
): Promise<void> {
  demandMemory(scratch);
  if (isPart) return;
  for (const name of databases) {
    await using session = await PostgresSession.open(access, name, signal);
    demandRoom(scratch, await dataBytes(session), `The database ${name}`);
  }
}

/** @param program pg_dump with all arguments but those of the format. @yields its files, in the folder `folder` */
export async function* dumpDirectory(
  program: Program,
  {folder, jobs, scratch}: {folder: string; jobs: number; scratch: string},
  {signal}: DumpContext,
  onHead: (head: ArchiveHead) => void,
): AsyncGenerator<DumpFile, void> {
  using place = ScratchFolder.make(scratch);
  const path = place.place('dump');
  const {label} = program;
  await runPgDump(program, {path, jobs, scratch, signal});
  const head = readWhole(path, label);
  onHead(head);
  const entries = new Map(head.entries.map((entry) => [entry.file, entry]));
  for (const name of readdirSync(path).sort()) {
    yield {name, folder, sameAs: sameAs(folder, entries.get(name)), bytes: readOnce(join(path, name))};
  }
}

async function runPgDump(
  program: Program,
  {
    path,
    jobs,
    scratch,
    signal,
  }: {path: string; jobs: number; scratch: string; signal: AbortSignal | undefined},
): Promise<void> {
  using watch = new Watch(program.label, path, program.timeoutMs === undefined);
  const output = runProgram({
    ...program,
    // If this process is killed, pg_dump must not go on filling the memory.
    file: 'setpriv',
    args: [
      '--pdeathsig=TERM',
      '--',
      program.file,
      ...program.args,
      '--format=directory',
      '--compress=0',
      `--jobs=${jobs}`,
      `--file=${path}`,
    ],
    timeoutMs: program.timeoutMs ?? Number.POSITIVE_INFINITY, // Its output says nothing; the watch looks at the files.
    signal: AbortSignal.any([watch.signal, ...(signal === undefined ? [] : [signal])]),
    hint: `If there was no room left, name a larger memory file system than ${scratch} as "scratch", or use "format: custom", which needs none.`,
  });
  for await (const _piece of output);
}

/** Numbers in the names of files change when a table is added; names of tables do not. */
function sameAs(folder: string, entry: TocEntry | undefined): string | undefined {
  return entry?.kind === 'TABLE DATA' ? `${folder}/${entry.schema ?? ''}.${entry.name}` : undefined;
}

/** @throws {@link SourceError} unless each file is there that the table of contents names, with its end */
function readWhole(path: string, label: string): ArchiveHead {
  try {
    const head = readDirectoryToc(readFileSync(join(path, TOC)));
    const named = head.entries.flatMap(({kind, file}) => (file === undefined ? [] : [{kind, file}]));
    for (const {kind, file} of named) {
      if (kind === 'TABLE DATA' && !endsWith(join(path, file), END_OF_ROWS))
        throw new ArchiveError(`${file} ends within the rows of a table`);
      if (!file.endsWith('.toc')) continue;
      for (const [, object = ''] of readFileSync(join(path, file), 'latin1').matchAll(/^\d+ (\S+)$/gm))
        statSync(join(path, object));
    }
    return head;
  } catch (cause) {
    const {code} = cause as NodeJS.ErrnoException;
    if (!(cause instanceof ArchiveError) && code !== 'ENOENT') throw cause;
    const problem = cause instanceof ArchiveError ? cause.message : 'a file of it is not there';
    throw new SourceError(`${label} gave no whole archive: ${problem}. No snapshot was made.`, {cause});
  }
}

function endsWith(path: string, end: string): boolean {
  const file = openSync(path, 'r');
  try {
    const last = Buffer.alloc(end.length);
    const from = fstatSync(file).size - last.length;
    return from >= 0 && readSync(file, last, 0, last.length, from) > 0 && last.equals(Buffer.from(end));
  } finally {
    closeSync(file);
  }
}

/** Its content; the file is gone as soon as it has been read. */
async function* readOnce(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, {highWaterMark: 2 ** 20});
  rmSync(path);
}

/** Ends a dump that hangs, or that takes the memory which others need. */
class Watch implements Disposable {
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #grewAt = performance.now();

  constructor(label: string, path: string, endsSilence: boolean) {
    const end = (problem: string, hint: string): void =>
      this.#stop.abort(new SourceError(`${label} was ended: ${problem}. No snapshot was made.`, {hint}));
    this.#timer = setInterval(() => {
      if (process.availableMemory() < RESERVE_BYTES)
        end(
          'the memory of this machine is used up',
          'Use "format: custom", which needs no memory for files.',
        );
      const bytes = bytesIn(path);
      if (bytes !== this.#bytes) this.#grewAt = performance.now();
      this.#bytes = bytes;
      if (endsSilence && performance.now() - this.#grewAt > SILENCE_MS)
        end('it wrote nothing for an hour', 'Run it by hand to see why.');
    }, WATCH_MS);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function bytesIn(path: string): number {
  if (!existsSync(path)) return 0;
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}
