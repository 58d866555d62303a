// Starts the built command line under a Node that is recent enough.
import {existsSync, lstatSync, mkdirSync} from 'node:fs';
import {enableCompileCache} from 'node:module';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export async function start() {
  if (!existsSync(join(root, 'dist/cli/main.js'))) {
    process.stderr.write(`Holdfast is not built yet: run "npm run setup" in ${root}.\n`);
    process.exitCode = 1;
    return;
  }
  useCompileCache();
  const {main} = await withoutEngineCheck(() => import('../dist/cli/main.js'));
  await main(process.argv.slice(2), {root});
}

/** oclif would load all of semver to compare Node's version, which bin/run.js has done. What we start later must not inherit this. */
async function withoutEngineCheck(load) {
  const {OCLIF_DISABLE_ENGINE_WARNING: before} = process.env;
  process.env.OCLIF_DISABLE_ENGINE_WARNING = '1';
  try {
    return await load();
  } finally {
    if (before === undefined) delete process.env.OCLIF_DISABLE_ENGINE_WARNING;
    else process.env.OCLIF_DISABLE_ENGINE_WARNING = before;
  }
}

/**
 * Keeps compiled code for the next start. Whoever can write there can run code as this user: so not in the shared
 * temporary folder that Node would choose, but in this user's own cache, or nowhere.
 */
function useCompileCache() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return;
  try {
    const {XDG_CACHE_HOME, HOME} = process.env;
    const base = XDG_CACHE_HOME || (HOME && isOurs(HOME) && join(HOME, '.cache'));
    if (!base) return;
    const folder = join(base, 'holdfast', 'compiled');
    mkdirSync(folder, {recursive: true, mode: 0o700});
    if (isOurs(base) && isOurs(join(base, 'holdfast')) && isOurs(folder)) enableCompileCache(folder);
  } catch {
    // A slower start is all that is lost.
  }
}

function isOurs(folder) {
  const {uid, mode} = lstatSync(folder);
  return uid === process.getuid() && (mode & 0o022) === 0;
}
