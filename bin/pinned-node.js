// Finds and starts the Node that Holdfast is pinned to. Plain JavaScript that any Node from 14 on can run: it is what
// an old Node sees of Holdfast, and all that it sees. It also serves scripts/*.mjs before anything was built.
import {accessSync, constants, existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const NEEDED_MAJOR = 24; // zstd in node:zlib; better-sqlite3 13 crashes on Node 20
const require = createRequire(import.meta.url);

/** Can the Node that runs this run Holdfast? */
export function isRecentEnough() {
  return Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR;
}

/** The path of the pinned Node, from the optional package for this platform, or undefined. */
export function findPinnedNode() {
  const loaders = {x64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1'};
  const loader = loaders[process.arch];
  // Without glibc's loader (Alpine, say) the kernel would claim that the file does not exist.
  if (process.platform !== 'linux' || loader === undefined || !existsSync(loader)) return undefined;
  try {
    const folder = dirname(require.resolve(`node-linux-${process.arch}/package.json`));
    const node = join(folder, 'bin', 'node');
    accessSync(node, constants.X_OK);
    return node;
  } catch {
    return undefined;
  }
}

/** Runs this script with the pinned Node, or says what is needed. */
export function becomePinnedNode(scriptUrl, args) {
  const node = findPinnedNode();
  if (node) become(node, [...process.execArgv, fileURLToPath(scriptUrl), ...args]);
  else refuse();
}

function refuse() {
  process.stderr.write(`${noNodeMessage()}\n`);
  process.exitCode = 1;
}

function noNodeMessage() {
  return (
    `Holdfast needs Node ${NEEDED_MAJOR} or newer (this is ${process.version}), ` +
    'and the copy it brings along for Linux with glibc on x64 and arm64 is not installed: ' +
    `install Node ${NEEDED_MAJOR}, or run "npm install --include=optional" where Holdfast is installed.`
  );
}

/**
 * Goes on as `node` with these arguments and this process's standard streams. Replaces the process where it can, so
 * that signals, kill -9 included, reach the one process there is; elsewhere waits for a child and ends as it ended.
 */
function become(node, args) {
  if (typeof process.execve === 'function') process.execve(node, [node, ...args], process.env);
  else if (!execThroughLibc(node, args)) runAsChild(node, args);
}

/** What process.execve does, for older Nodes. Returns only when it did not work. */
function execThroughLibc(node, args) {
  if (process.platform !== 'linux' || Number(process.versions.napi) < 8) return false;
  try {
    const libc = require('koffi').load(null);
    const fcntl = libc.func('int fcntl(int, int, int)');
    const execve = libc.func('int execve(const char *, const char **, const char **)');
    const [F_GETFD, F_SETFD, FD_CLOEXEC] = [1, 2, 1];
    for (const fd of [0, 1, 2]) {
      const flags = fcntl(fd, F_GETFD, 0);
      if (flags >= 0) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC); // libuv sets it even on standard streams
    }
    const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
    execve(node, [node, ...args, null], [...environment, null]);
  } catch {
    // No koffi, or none for this platform.
  }
  return false;
}

function runAsChild(node, args) {
  const {spawn} = require('node:child_process');
  const {isatty} = require('node:tty');
  const numbers = require('node:os').constants.signals;
  // The child must not outlive a parent that is killed with -9: a backup nobody watches would hold the lock.
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  const command = setpriv ? [setpriv, '--pdeathsig', 'KILL', node] : [node];
  const child = spawn(command[0], [...command.slice(1), ...args], {stdio: 'inherit'});
  const fromKeyboard = [0, 1, 2].some((fd) => isatty(fd)); // then the terminal signals the child itself
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2']) {
    const forward = signal === 'SIGTERM' || !fromKeyboard;
    process.on(signal, () => forward && child.kill(signal));
  }
  child.on('error', refuse);
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + numbers[signal]);
  });
}
