// Installs and builds what is missing or stale, and says nothing when nothing is. Runs on Node 20 with an empty
// node_modules: built-in modules only, and nothing imported from src/ or dist/.
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {findPinnedNode, isRecentEnough} from '../bin/pinned-node.js';
import {isBuilt} from './lib/built.mjs';
import {root, withPinnedNode} from './lib/project.mjs';

/** On an older Node, such as Debian 12's, npm leaves out optional packages that ask for this one: the bundler's, for one. */
const OPTIONAL_NEED = 20;

if (!isInstalled() || !hasNode()) install();
if (!isBuilt()) build();

/** Does node_modules hold what package-lock.json asks for? Optional packages may be absent: other platforms' are. */
function isInstalled() {
  const installedFile = `${root}/node_modules/.package-lock.json`;
  if (!existsSync(installedFile)) return false;
  const {packages: wanted} = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
  const {packages: installed} = JSON.parse(readFileSync(installedFile, 'utf8'));
  return Object.entries(wanted).every(([path, {version, optional}]) => {
    const there = installed[path];
    return path === '' || (there ? there.version === version : optional === true);
  });
}

/** The Node that comes along is optional for npm, but not where the one that runs this is too old. */
function hasNode() {
  return isRecentEnough() || findPinnedNode() !== undefined;
}

/** No package needs its install script: all native parts come built. better-sqlite3's would ask for a compiler, only to do nothing. */
function install() {
  const wanted = ['--include=dev', '--include=optional', '--ignore-scripts'];
  const flags = [...wanted, '--no-audit', '--no-fund', '--loglevel=error'];
  const advice = [
    'The dependencies could not be installed. With a connection to the npm registry, run it again;',
    'behind a proxy or a mirror, "npm config get registry" says where npm looks.',
  ];
  step('Installing dependencies (npm ci)', () => npm(['ci', ...flags]), advice);
  const node = Number(process.versions.node.split('.')[0]) < OPTIONAL_NEED ? findPinnedNode() : undefined;
  if (node) step('Completing them', () => npm(['install', '--no-save', ...flags], node), advice);
}

function build() {
  step('Building', () => withPinnedNode([`${root}/scripts/build.mjs`]), ['The sources could not be built.']);
}

function step(title, run, advice) {
  const started = process.hrtime.bigint();
  process.stderr.write(`${title} … `);
  const {status, error, stdout, stderr} = run();
  if (status === 0) {
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    process.stderr.write(`${seconds.toFixed(1)} s\n`);
    return;
  }
  process.stderr.write(`failed\n\n${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}\n`);
  process.stderr.write(`${advice.join('\n')}\n`);
  process.exit(1);
}

/** The npm that started this script, else the one on the PATH, run by a Node; without what it handed down about its own call. */
function npm(args, node = process.execPath) {
  const env = {...process.env, PATH: `${dirname(node)}:${process.env.PATH}`};
  for (const name of Object.keys(env)) {
    // `npm test --omit=dev`, `npm -g` and the like concern the outer npm. Registry, proxy, cache and CA are kept.
    if (
      /^npm_(package|lifecycle|command|config_(dry_run|global$|omit|only|production|package_lock|ignore_scripts|include|workspaces?|prefix|local_prefix|location|loglevel|silent|json|yes))/i.test(
        name,
      )
    ) {
      delete env[name];
    }
  }
  const outer = process.env.npm_execpath;
  const [command, ...first] = outer && /npm-cli\.c?js$/.test(outer) ? [node, outer] : ['npm'];
  return spawnSync(command, [...first, ...args], {cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 26});
}
