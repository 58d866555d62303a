import {execFileSync} from 'node:child_process';
import {copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join, matchesGlob} from 'node:path';
import {type Architecture, ROOT} from './release.ts';

interface Package {
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Lock = Readonly<Record<string, Package>>;

/** A package of npm that came along. */
export interface Bundled {
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
  /^node_modules\/@(?:aws|aws-sdk|smithy)\/[^/]+\/(?:dist-es|dist-types)\//,
  /^node_modules\/better-sqlite3\/(?:deps|src)\//,
  /^node_modules\/koffi\/(?:cnoke\.cjs|doc|lib|vendor|src\/koffi\/CMakeLists|src\/koffi\/src\/(?!.*\.js$))/,
  /^node_modules\/@koromix\/[^/]+\/musl_/,
  /^node_modules\/node-linux-[^/]+\/(?:include|share)\//,
  /^node_modules\/openpgp\/(?!LICENSE$|package\.json$|dist\/node\/openpgp\.mjs$)/,
  /\/(?:test|tests|\.github|\.husky|\.bin)\//,
];

/** The program with its Node and nothing that it does not run, into `folder`. */
export function stageProgram(folder: string, architecture: Architecture): Bundled[] {
  const packages = neededPackages(architecture);
  copyPackages(packages, folder, architecture);
  for (const name of ['run.js', 'start.js', 'pinned-node.js'])
    copy(join(ROOT, 'bin', name), join(folder, 'bin', name));
  copy(join(ROOT, 'packaging/files/holdfast'), join(folder, 'bin/holdfast'));
  for (const path of globSync('dist/**/*.*', {cwd: ROOT, exclude: ['**/*.d.ts', '**/*.wat', 'dist/.stamp']}))
    copy(join(ROOT, path), join(folder, path));
  copy(join(ROOT, 'dist/chunks/LICENSES'), join(folder, 'dist/chunks/LICENSES'));
  copy(join(ROOT, 'oclif.manifest.json'), join(folder, 'oclif.manifest.json'));
  writePackageFile(folder, packages);
  return packages;
}

/** What the built program imports as it is, and what that needs in turn; from the lock. */
function neededPackages(architecture: Architecture): Bundled[] {
  const {packages: lock} = readJson(join(ROOT, 'package-lock.json')) as {packages: Lock};
  const found = new Map<string, Package>();
  const visit = (path: string | undefined): void => {
    const entry = path === undefined ? undefined : lock[path];
    if (path === undefined || entry === undefined || found.has(path)) return;
    found.set(path, entry);
    for (const name of dependencies(entry)) {
      if (!NEVER_RUN.has(name) && belongsTo(name, architecture)) visit(resolveIn(lock, path, name));
    }
  };
  const node = `node-linux-${architecture}`;
  const unbundled = readJson(join(ROOT, 'scripts/lib/unbundled.json')) as string[];
  for (const name of dependencies(lock[''])) {
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

function dependencies(entry: Package | undefined): string[] {
  return Object.keys({...entry?.dependencies, ...entry?.optionalDependencies});
}

/** Native parts come as a package for each platform. */
function belongsTo(name: string, architecture: Architecture): boolean {
  return !name.startsWith('@koromix/koffi-') || name === `@koromix/koffi-linux-${architecture}`;
}

/** Where Node finds `name` from the package at `from`: there, or in a folder above. */
function resolveIn(lock: Lock, from: string, name: string): string | undefined {
  for (let at = from; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at}/node_modules/${name}` in lock) return `${at}/node_modules/${name}`;
  }
  return `node_modules/${name}` in lock ? `node_modules/${name}` : undefined;
}

/** As the lock has them, checked by npm against its hashes; not as somebody's node_modules has them. */
function copyPackages(packages: readonly Bundled[], folder: string, architecture: Architecture): void {
  const fresh = `${folder}-modules`;
  mkdirSync(fresh, {recursive: true});
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    copy(join(ROOT, name), join(fresh, name));
  const platform = ['--os=linux', `--cpu=${architecture}`, '--libc=glibc'];
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund'];
  const args = [
    'ci',
    '--omit=dev',
    '--include=optional',
    '--ignore-scripts',
    '--prefer-offline',
    ...platform,
    ...quiet,
  ];
  execFileSync('npm', args, {cwd: fresh, stdio: ['ignore', 'ignore', 'inherit']});
  const prebuilt = `linux-${architecture}.node`;
  for (const {path, name} of packages) {
    const files = globSync('**/*', {cwd: join(fresh, path), withFileTypes: true});
    if (files.length === 0) throw new Error(`npm did not install ${name} for ${architecture}.`);
    for (const file of files) {
      if (!file.isFile()) continue;
      const from = join(file.parentPath, file.name);
      const place = from.slice(fresh.length + 1);
      if (place.slice(path.length + 1).includes('node_modules/')) continue; // listed for itself
      if (UNUSED.some((pattern) => pattern.test(place))) continue;
      if (place.includes('/prebuilds/') && file.name !== prebuilt) continue;
      copy(from, join(folder, place));
    }
  }
  rmSync(fresh, {recursive: true});
}

/** What oclif and the version need of package.json. */
function writePackageFile(folder: string, packages: readonly Bundled[]): void {
  const whole = readJson(join(ROOT, 'package.json')) as Record<string, unknown>;
  const {name, version, description, license, type, bin, engines, oclif} = whole;
  const dependencies = Object.fromEntries(
    packages
      .filter(({path}) => path.lastIndexOf('node_modules/') === 0)
      .map((one) => [one.name, one.version]),
  );
  const kept = {name, version, description, license, type, bin, engines, oclif, dependencies};
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), {recursive: true});
  copyFileSync(from, to);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
