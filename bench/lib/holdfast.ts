import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Dataset} from './cases.ts';
import {type Command, firstLineOf} from './measure.ts';
import {PASSPHRASE, type Place, runQuietly, type Step, type Tool} from './tool.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** The built program, as users start it. Restores as another machine does: without configuration and catalog. */
export class Holdfast implements Tool {
  readonly name: string;
  readonly only?: Dataset;
  readonly version = firstLineOf(process.execPath, LAUNCHER, '--version') ?? 'not built';
  readonly #keys: string;
  readonly #cache: string | undefined;

  /**
   * @param keys where to make the key pair, which all places share
   * @param cache of the last version of a dump; as for databases by default. Else only dumps are of interest
   */
  constructor(keys: string, cache?: string) {
    this.name = cache === undefined ? 'holdfast' : `holdfast-cache-${cache}`;
    if (cache !== undefined) this.only = 'dump';
    this.#keys = keys;
    this.#cache = cache;
    if (existsSync(join(keys, 'ops.public.asc'))) return;
    mkdirSync(keys, {recursive: true});
    writeFileSync(join(keys, 'passphrase'), `${PASSPHRASE}\n`, {mode: 0o600});
    runQuietly(holdfast(keys, keys, 'keygen', 'ops', '--passphrase-file', join(keys, 'passphrase')));
  }

  /** @param more lines for its configuration */
  prepare(place: Place, more: readonly string[] = []): void {
    const config = [
      `repository: ${place.repository}`,
      `recipients: [${join(this.#keys, 'ops.public.asc')}]`,
      `catalog: ${join(place.state, 'catalog.db')}`,
      `sources: {data: ${this.#source(place)}}`,
      ...more,
    ];
    writeFileSync(join(place.state, 'holdfast.yaml'), `${config.join('\n')}\n`);
    runQuietly(this.#onVm(place, 'init'));
  }

  /** A dump flows as from pg_dump; that it comes from a file is the same for all tools. */
  #source({source}: Place): string {
    const dump = join(source, 'dump.sql');
    if (!existsSync(dump)) return `{folder: ${source}}`;
    return `{command: [cat, ${dump}], name: dump.sql, cache: ${this.#cache ?? '2GB'}}`;
  }

  command(step: Step, place: Place): Command {
    const repository = ['--repository', place.repository];
    const key = [
      '--key',
      join(this.#keys, 'ops.private.asc'),
      '--passphrase-file',
      join(this.#keys, 'passphrase'),
    ];
    if (step === 'backup') return this.#onVm(place, 'backup');
    if (step === 'list') return this.#onVm(place, 'snapshots');
    if (step === 'help') return this.#onVm(place, '--help');
    if (step === 'restore')
      return this.#elsewhere(place, 'restore', 'latest', '--to', place.restored, ...repository, ...key);
    return this.#elsewhere(place, 'verify', '--level', 'content', ...repository, ...key);
  }

  #onVm(place: Place, ...args: string[]): Command {
    return holdfast(place.home, place.state, ...args);
  }

  #elsewhere(place: Place, ...args: string[]): Command {
    const home = join(place.folder, 'elsewhere');
    mkdirSync(home, {recursive: true});
    return holdfast(home, home, ...args);
  }
}

function holdfast(home: string, cwd: string, ...args: string[]): Command {
  return {argv: [process.execPath, LAUNCHER, ...args], env: {HOME: home}, cwd};
}
