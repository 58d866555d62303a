// What the scripts share: where the project is, and its Node. On the very first run npm has just made
// node_modules/.bin, but the shell that npm started may still remember the Node it found before.
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {becomePinnedNode, findPinnedNode, isRecentEnough} from '../../bin/pinned-node.js';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The Node to run the project with: this one where it serves. */
export function projectNode() {
  return isRecentEnough() ? process.execPath : (findPinnedNode() ?? process.execPath);
}

/** Runs `node args…` to its end. */
export function withPinnedNode(args, options = {}) {
  return spawnSync(projectNode(), args, {cwd: root, encoding: 'utf8', ...options});
}

/** Runs `main` if this Node serves, else starts the script again with one that does. */
export async function runWithPinnedNode(scriptUrl, main) {
  if (isRecentEnough()) await main();
  else becomePinnedNode(scriptUrl, process.argv.slice(2));
}
