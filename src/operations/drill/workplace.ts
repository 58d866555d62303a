/**
 * The throwaway place of one drill: a private folder, and the programs that run in it. What is there is noted in a file before it
 * is made, so that after a crash the next run, or `drill clean`, finds and removes it.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import {rm} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {RestoreError} from '../../errors.ts';
import type {DrillReport} from '../../repository/drill-report.ts';
import {isDrillId} from '../../repository/layout.ts';
import {makeFolders} from '../../system/folders.ts';
import {identify, isRunning, type ProcessIdentity} from '../../system/processes.ts';

/** A program that a drill started, as the leader of a process group. */
interface StartedProgram extends ProcessIdentity {
  /** How it is asked to end at once. */
  readonly signal: NodeJS.Signals;
}

interface DrillNote {
  readonly id: string;
  readonly repository: string;
  readonly folder: string;
  readonly owner: ProcessIdentity;
  readonly programs: readonly StartedProgram[];
  /** What is made where no other process can remove it, such as `database x on host y`. */
  readonly elsewhere: readonly string[];
  /** The report as it is if the drill ends here. */
  readonly report: DrillReport;
}

const FOLDER_PREFIX = 'holdfast-drill-';
const NOTE_SUFFIX = '.running.json';
const GRACE_MS = 5000;
const POLL_MS = 25;

export class Workplace implements AsyncDisposable {
  /** Others may pass through it, but not look: throwaway servers run as users of their own. */
  readonly folder: string;
  readonly #path: string;
  #note: DrillNote;

  private constructor(path: string, note: DrillNote) {
    this.#path = path;
    this.#note = note;
    this.folder = note.folder;
  }

  /**
   * @param notes the folder of the notes
   * @param parent where the folder is made
   * @throws {@link RestoreError} if it cannot be made
   */
  static create(notes: string, parent: string, report: DrillReport): Workplace {
    const {id, repository} = report;
    const folder = join(parent, `${FOLDER_PREFIX}${id}`);
    const note = {id, repository, folder, owner: identify(), programs: [], elsewhere: [], report};
    const place = new Workplace(join(notes, `${id}${NOTE_SUFFIX}`), note);
    try {
      makeFolders(notes, 0o700);
      place.#save();
      mkdirSync(folder, {mode: 0o711});
      chmodSync(folder, 0o711);
    } catch (cause) {
      rmSync(place.#path, {force: true}); // Nothing is left behind.
      const {code, message} = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT')
        throw new RestoreError(`The folder for drills, ${parent}, is not there.`, {
          cause,
          hint: `Make it (install -d -m 711 ${parent}), or mount its disk; or name another with --work DIR.`,
        });
      throw new RestoreError(`The drill cannot make its folder ${folder}: ${message}.`, {
        cause,
        hint: 'Name a folder with room for the restored data with --work DIR.',
      });
    }
    return place;
  }

  /** A new folder in it that only this user may enter. */
  makeFolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, {mode: 0o700});
    return path;
  }

  /** Notes a program, which leads a process group: it ends with the drill. */
  keep(pid: number, signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#note = {
      ...this.#note,
      programs: [...this.#note.programs, {...identify(pid), signal}],
    };
    this.#save();
  }

  /** Notes what is about to be made outside the folder: after a crash it is told, to be removed by hand. */
  keepElsewhere(what: readonly string[]): void {
    this.#note = {...this.#note, elsewhere: [...this.#note.elsewhere, ...what]};
    this.#save();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await tearDown(this.#note);
    rmSync(this.#path, {force: true});
  }

  #save(): void {
    const part = `${this.#path}.part`;
    const file = openSync(part, 'w', 0o600);
    try {
      writeSync(file, JSON.stringify(this.#note));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, this.#path);
  }
}

/** A drill that did not come to its end, such as one that was killed. */
export interface LeftDrill {
  readonly folder: string;
  readonly report: DrillReport;
  /** What it may have left that is not here. */
  readonly elsewhere: readonly string[];
  /** Ends its programs and removes its folder. */
  tearDown(): Promise<void>;
  /** Forgets it. */
  forget(): void;
}

/** Drills whose process is gone. */
export function leftDrills(notes: string): LeftDrill[] {
  return noteFiles(notes)
    .map((path) => ({path, note: JSON.parse(readFileSync(path, 'utf8')) as DrillNote}))
    .filter(({note}) => !isRunning(note.owner))
    .map(({path, note}) => ({
      folder: note.folder,
      report: note.report,
      elsewhere: note.elsewhere,
      tearDown: () => tearDown(note),
      forget: () => rmSync(path, {force: true}),
    }));
}

function noteFiles(notes: string): string[] {
  try {
    return readdirSync(notes)
      .filter((name) => name.endsWith(NOTE_SUFFIX))
      .sort()
      .map((name) => join(notes, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function tearDown({folder, programs, id}: DrillNote): Promise<void> {
  if (!isDrillId(id) || basename(folder) !== `${FOLDER_PREFIX}${id}`)
    throw new RestoreError(`${folder} is no folder of a drill, and is not removed.`);
  for (const program of [...programs].reverse()) await end(program);
  // One that was started a moment before the drill was killed is in no note, but works in our folder.
  for (const pid of processesIn(folder)) await end({...identify(pid), signal: 'SIGKILL'});
  await removeFolder(folder);
}

/** One that is not running any more is left alone: its number may be another's by now. */
async function end(program: StartedProgram): Promise<void> {
  const {pid, signal} = program;
  if (!isRunning(program)) return;
  send(pid, signal);
  const deadline = performance.now() + GRACE_MS;
  while (isRunning(program)) {
    if (performance.now() > deadline) send(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

/** To the whole group that it leads; to it alone if it leads none. */
function send(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Those with the folder among their arguments, or as their current one. */
function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => placesOf(pid).some((text) => text.includes(folder)));
}

function placesOf(pid: number): string[] {
  try {
    return [readFileSync(`/proc/${pid}/cmdline`, 'utf8'), readlinkSync(`/proc/${pid}/cwd`)];
  } catch {
    return []; // It has ended meanwhile, or is a part of the system.
  }
}

/** A restored folder may forbid its owner to look into it. */
async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, {recursive: true, force: true, maxRetries: 3});
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    openUp(folder);
    await rm(folder, {recursive: true, force: true, maxRetries: 3});
  }
}

function openUp(folder: string | Buffer): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, {withFileTypes: true, encoding: 'buffer'}))
    if (entry.isDirectory()) openUp(Buffer.concat([Buffer.from(folder), Buffer.from('/'), entry.name]));
}
