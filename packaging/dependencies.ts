import {execFileSync} from 'node:child_process';
import {copyFileSync, globSync, mkdirSync, readFileSync} from 'node:fs';
import {dirname, join, matchesGlob} from 'node:path';
import {type Architecture, ROOT} from './release.ts';

interface Entry {
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Lock = Readonly<Record<string, Entry>>;

/** A package of npm that comes along. */
export interface Dependency {
  /** Below the program's folder: `node_modules/openpgp`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** Packages of types and headers, and what only the command line of ejs needs. */
const NEVER_RUN = new Set(['type-fest', 'node-addon-api', 'jake']);
/** What only compilers, editors and other platforms read. */
const UNUSED = [
  /\.(?:d\.[mc]?ts|map|md|markdown|flow|[ch]c?|cpp|hpp|hh|gypi?|mk|npmignore)$/i,
  /\/ejs\/(?:bin|ejs\.(?:min\.)?js)/,
  /\/is-[a-z-]+\/cli\.js$/,
  /^node_modules\/@(?:aws|aws-sdk|smithy)\/[^/]+\/(?:dist-es|dist-types)\//,
  /^node_modules\/better-sqlite3\/(?:deps\/|src\/|lib\/[a-z0-9]+-(?:x64|arm64)\.js$)/,
  /^node_modules\/koffi\/(?:cnoke\.cjs|doc\/|lib\/|vendor\/|src\/.*(?<!\.c?js)$)/,
  /^node_modules\/@koromix\/[^/]+\/musl_/,
  /^node_modules\/node-linux-[^/]+\/(?:include|share)\//,
  /^node_modules\/openpgp\/(?!LICENSE$|package\.json$|dist\/node\/openpgp\.mjs$)/,
  /\/(?:test|tests|\.github|\.husky|\.bin)\//,
];

/** What the built program imports as it is, and what that needs in turn, from the lock; with Node. */
export function neededDependencies(architecture: Architecture): Dependency[] {
  const {packages: lock} = readJson('package-lock.json') as {packages: Lock};
  const unbundled = readJson('scripts/lib/unbundled.json') as string[];
  const node = `node-linux-${architecture}`;
  const found = new Map<string, Entry>();
  const visit = (path: string | undefined): void => {
    const entry = path === undefined ? undefined : lock[path];
    if (path === undefined || entry === undefined || found.has(path)) return;
    found.set(path, entry);
    for (const name of namesIn(entry)) {
      if (!NEVER_RUN.has(name) && isFor(name, architecture)) visit(resolveFrom(path, name, lock));
    }
  };
  for (const name of namesIn(lock[''])) {
    if (name === node || unbundled.some((pattern) => matchesGlob(name, pattern)))
      visit(`node_modules/${name}`);
  }
  if (!found.has(`node_modules/${node}`)) throw new Error(`package-lock.json does not know ${node}.`);
  return [...found]
    .map(([path, {version, license = 'see its package.json'}]) => {
      return {path, version, license, name: path.replace(/^.*node_modules\//, '')};
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Copies what runs of them into `folder`: as the lock has them, checked by npm against its hashes, and not as somebody's node_modules
 * has them.
 * @param fresh a folder for the time being
 * @throws if a file that stays names one that does not
 */
export function copyDependencies(
  dependencies: readonly Dependency[],
  folder: string,
  fresh: string,
  architecture: Architecture,
): void {
  install(fresh, architecture);
  const dropped = new Set<string>();
  const kept: string[] = [];
  for (const {path, name} of dependencies) {
    const files = filesOf(join(fresh, path));
    if (files.length === 0) throw new Error(`npm did not install ${name} for ${architecture}.`);
    for (const file of files.map((one) => join(path, one)))
      if (isUnused(file, architecture)) dropped.add(file);
      else kept.push(file);
  }
  for (const file of kept) {
    const missing = namedFiles(file, fresh).find((one) => dropped.has(one));
    if (missing !== undefined) throw new Error(`${file} needs ${missing}, which is left out.`);
    mkdirSync(dirname(join(folder, file)), {recursive: true});
    copyFileSync(join(fresh, file), join(folder, file));
  }
}

function install(folder: string, architecture: Architecture): void {
  mkdirSync(folder, {recursive: true});
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    copyFileSync(join(ROOT, name), join(folder, name));
  const what = ['--omit=dev', '--include=optional', '--ignore-scripts'];
  const platform = ['--os=linux', `--cpu=${architecture}`, '--libc=glibc'];
  const how = ['--prefer-offline', '--loglevel=error', '--no-audit', '--no-fund'];
  execFileSync('npm', ['ci', ...what, ...platform, ...how], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function isUnused(file: string, architecture: Architecture): boolean {
  if (file.includes('/prebuilds/')) return !file.endsWith(`/linux-${architecture}.node`);
  return UNUSED.some((pattern) => pattern.test(file));
}

/** The scripts that a script names by a relative path, as far as they are there. */
function namedFiles(file: string, root: string): string[] {
  if (!/\.[cm]?js$/.test(file)) return [];
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import|require)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g)].flatMap(
    ([, to = '']) => {
      const path = join(dirname(file), to);
      return ['', '.js', '.cjs', '.json', '/index.js'].map((ending) => path + ending);
    },
  );
}

/** Without packages inside it: they are listed for themselves. */
function filesOf(folder: string): string[] {
  return globSync('**/*', {cwd: folder, exclude: ['node_modules'], withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map(({parentPath, name}) => join(parentPath, name).slice(folder.length + 1));
}

function namesIn(entry: Entry | undefined): string[] {
  return Object.keys({...entry?.dependencies, ...entry?.optionalDependencies});
}

/** Native parts of koffi come as a package for each platform. */
function isFor(name: string, architecture: Architecture): boolean {
  return !name.startsWith('@koromix/koffi-') || name === `@koromix/koffi-linux-${architecture}`;
}

/** Where Node finds `name` from the package at `from`: there, or in a folder above. */
function resolveFrom(from: string, name: string, lock: Lock): string {
  for (let at = from; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at}/node_modules/${name}` in lock) return `${at}/node_modules/${name}`;
  }
  return `node_modules/${name}`;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}
