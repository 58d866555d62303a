/** The programs that Holdfast is compared with, if they are on the PATH. */
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {type Command, firstLineOf} from './measure.ts';
import {PASSPHRASE, type Place, runQuietly, type Step, type Tool} from './tool.ts';

type Commands = Record<Step, (place: Place) => string[]>;

class Peer implements Tool {
  readonly name: string;
  readonly version: string;
  readonly #commands: Commands;
  readonly #environment: (place: Place) => Record<string, string>;
  readonly #prepare: ((place: Place) => string[]) | undefined;

  constructor(
    name: string,
    version: string,
    commands: Commands,
    environment: (place: Place) => Record<string, string>,
    prepare?: (place: Place) => string[],
  ) {
    this.name = name;
    this.version = version;
    this.#commands = commands;
    this.#environment = environment;
    this.#prepare = prepare;
  }

  prepare(place: Place): void {
    if (this.#prepare !== undefined) runQuietly(this.#in(place, this.#prepare(place)));
  }

  command(step: Step, place: Place): Command {
    return this.#in(place, this.#commands[step](place));
  }

  #in(place: Place, args: string[]): Command {
    mkdirSync(place.restored, {recursive: true});
    const env = {HOME: place.home, ...this.#environment(place)};
    return {argv: [this.name, ...args], env, cwd: place.restored};
  }
}

export function findPeers(): Tool[] {
  const found: Tool[] = [];
  for (const [name, question, make] of PEERS) {
    const version = firstLineOf(name, question);
    if (version !== undefined) found.push(make(version));
  }
  return found;
}

const PEERS: readonly [name: string, question: string, make: (version: string) => Tool][] = [
  ['restic', 'version', restic],
  ['borg', '--version', borg],
  ['kopia', '--version', kopia],
  ['duplicity', '--version', duplicity],
];

function restic(version: string): Tool {
  return new Peer(
    'restic',
    version,
    {
      backup: ({source}) => ['backup', '--quiet', source],
      restore: ({restored}) => ['restore', 'latest', '--quiet', '--target', restored],
      verify: () => ['check', '--read-data', '--quiet'],
      list: () => ['snapshots'],
      help: () => ['--help'],
    },
    ({repository, state}) => ({
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: PASSPHRASE,
      RESTIC_CACHE_DIR: state,
    }),
    () => ['init'],
  );
}

function borg(version: string): Tool {
  return new Peer(
    'borg',
    version,
    {
      backup: (place) => ['create', '--compression', 'zstd,3', `::${++place.backups}`, place.source],
      restore: ({backups}) => ['extract', `::${backups}`],
      verify: () => ['check', '--verify-data'],
      list: () => ['list'],
      help: () => ['--help'],
    },
    ({repository, state}) => ({BORG_REPO: repository, BORG_PASSPHRASE: PASSPHRASE, BORG_BASE_DIR: state}),
    () => ['init', '--encryption', 'repokey-blake2'],
  );
}

function kopia(version: string): Tool {
  return new Peer(
    'kopia',
    version,
    {
      backup: ({source}) => ['snapshot', 'create', '--no-progress', source],
      restore: ({source, restored}) => ['restore', source, restored],
      verify: () => ['snapshot', 'verify', '--verify-files-percent=100'],
      list: () => ['snapshot', 'list'],
      help: () => ['--help'],
    },
    ({state}) => ({
      KOPIA_PASSWORD: PASSPHRASE,
      KOPIA_CONFIG_PATH: join(state, 'repository.config'),
      KOPIA_CACHE_DIRECTORY: join(state, 'cache'),
      KOPIA_LOG_DIR: join(state, 'logs'),
      KOPIA_CHECK_FOR_UPDATES: 'false',
    }),
    ({repository}) => ['repository', 'create', 'filesystem', '--path', repository],
  );
}

function duplicity(version: string): Tool {
  const url = ({repository}: Place) => `file://${repository}`;
  return new Peer(
    'duplicity',
    version,
    {
      backup: (place) => ['--archive-dir', place.state, place.source, url(place)],
      restore: (place) => ['restore', '--archive-dir', place.state, url(place), place.restored],
      verify: (place) => ['verify', '--archive-dir', place.state, '--compare-data', url(place), place.source],
      list: (place) => ['collection-status', '--archive-dir', place.state, url(place)],
      help: () => ['--help'],
    },
    () => ({PASSPHRASE}),
  );
}
