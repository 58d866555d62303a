import {spawnSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import type {Dataset} from './cases.ts';
import type {Command} from './measure.ts';

/** Where one tool keeps one repository. */
export class Place {
  readonly folder: string;
  /** What it backs up. */
  readonly source: string;
  /** How many backups were made: for tools that want a name for each. */
  backups = 0;

  constructor(folder: string, source: string) {
    this.folder = folder;
    this.source = source;
    for (const name of ['home', 'state']) mkdirSync(join(folder, name), {recursive: true});
  }

  get repository(): string {
    return join(this.folder, 'repository');
  }
  /** Caches, keys, configuration. */
  get state(): string {
    return join(this.folder, 'state');
  }
  get restored(): string {
    return join(this.folder, 'restored');
  }
  get home(): string {
    return join(this.folder, 'home');
  }
}

export type Step = 'backup' | 'restore' | 'verify' | 'list' | 'help';

/** A backup program on this machine. Each is used as its manual says, encrypted, and compresses with zstd where it can. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** The only dataset that it takes part with. */
  readonly only?: Dataset;
  /** Makes an empty repository. Not measured. */
  prepare(place: Place): void;
  /** What to run, without a shell. */
  command(step: Step, place: Place): Command;
}

export const PASSPHRASE = 'correct horse battery staple';

/** @throws with its output, if it fails */
export function runQuietly({argv, env, cwd}: Command): void {
  const [command = '', ...args] = argv;
  const {status, stderr, error} = spawnSync(command, args, {
    cwd,
    env: {...process.env, ...env},
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${argv.join(' ')}:\n${error?.message ?? stderr}`);
}
