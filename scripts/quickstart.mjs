// Shows Holdfast on real files: every command below really runs, and its real output is shown. Everything happens in
// one temporary folder whose subfolders play the machines. `npm run quickstart -- --keep` keeps it. `--program FILE` is another
// Holdfast than this one, such as an installed package; `--repository URL` a new place for the backups, with the credentials of the environment.
import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import util from 'node:util';
import {root, runWithPinnedNode} from './lib/project.mjs';

/** The story cannot go on; the message says why. */
class Stop extends Error {}

const style = (format, text) => (process.stdout.isTTY ? util.styleText(format, text) : text);
// docs/errors.md
const EXIT_DAMAGE = 4;
const EXIT_KEY = 12;

const program = optionValue('--program') ?? join(root, 'bin/run.js');
/** Where the story keeps its backups, or the copy of them that it looks into. */
const FOLDER = '../storage/app01';
const place = optionValue('--repository') ?? FOLDER;
const interrupt = new AbortController();

await runWithPinnedNode(import.meta.url, async () => {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-quickstart-'));
  const keep = process.argv.includes('--keep');
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interrupt.abort(signal));
  try {
    await tellStory(base);
  } catch (error) {
    console.log(style('red', `\nStopped: ${error instanceof Stop ? error.message : error.stack}`));
    process.exitCode = 1;
  } finally {
    if (!keep) rmSync(base, {recursive: true, force: true});
    console.log(
      keep
        ? `\nEverything is still in ${base}`
        : `\nRemoved ${base} (npm run quickstart -- --keep keeps it).`,
    );
  }
});

async function tellStory(base) {
  const {changeSample, makeSample, PLAINTEXT, readOrders} = await import('./lib/quickstart-data.mjs');
  const {compareTrees} = await import('./lib/compare-trees.mjs');
  const machine = (name) => {
    mkdirSync(join(base, name, 'home'), {recursive: true});
    return {name, folder: join(base, name)};
  };
  const [client, vm, rescue] = ['client', 'vm', 'new-machine'].map(machine);
  const data = join(vm.folder, 'data');
  const storage = join(base, 'storage');
  const key = ['--key', '../client/ops.private.asc', '--passphrase-file', '../client/passphrase'];
  const repository = ['--repository', place];
  const isElsewhere = place !== FOLDER;
  const started = performance.now();

  console.log(`The folders client, vm, storage and new-machine in ${base} play the machines.`);

  chapter('On your own machine: a key pair. Only its private half will ever restore.');
  writeFileSync(join(client.folder, 'passphrase'), `${randomBytes(18).toString('base64url')}\n`, {
    mode: 0o600,
  });
  await holdfast(client, ['keygen', 'ops', '--passphrase-file', 'passphrase']);

  chapter('On the server: a repository for that key, and something to back up.');
  const create = isElsewhere ? ['--create'] : [];
  await holdfast(vm, ['init', place, ...create, '--recipient', '../client/ops.public.asc']);
  makeSample(data);
  await addSource(join(vm.folder, 'holdfast.yaml'), data);
  note(`Added to holdfast.yaml:  sources: { files: { folder: ${data} } }`);

  chapter('A full backup.');
  await holdfast(vm, ['backup']);

  chapter(
    'A working day: a file edited, one added, a folder renamed, one deleted, 500 new orders in orders.db.',
  );
  changeSample(data);
  await holdfast(vm, ['backup']);
  await holdfast(vm, ['snapshots']);
  const {snapshots} = JSON.parse((await run(vm, ['snapshots', '--json'])).stdout);
  const [full, incremental] = ['full', 'incremental'].map((kind) => {
    const found = snapshots.find((snapshot) => snapshot.kind === kind);
    if (!found) throw new Stop(`no ${kind} snapshot is listed.`);
    return found.id;
  });
  await holdfast(vm, ['diff', full, incremental]);

  if (isElsewhere) {
    chapter('A copy of the repository in a folder, to look into. It takes no key.');
    await holdfast(rescue, ['replicate', '--to', FOLDER, ...repository]);
  }
  chapter('The server cannot read what it backed up, and neither can whoever breaks into it.');
  await holdfast(vm, ['cat', 'latest:files', 'figures.txt'], EXIT_KEY);
  const leak = findIn(storage, [PLAINTEXT, 'customer 7', 'figures-hard-link', 'integer primary key']);
  if (leak) throw new Stop(`plaintext in the repository: ${leak}`);
  proof('No file name and no content of the sample stands in the repository.');

  chapter('On a new machine, with nothing but the repository and the private key: the server as it is now.');
  await holdfast(rescue, ['restore', 'latest:files', '--to', 'restored', ...repository, ...key]);
  const restored = join(rescue.folder, 'restored');
  const {files, bytes, differences} = compareTrees(data, restored);
  if (differences.length > 0) {
    throw new Stop(`the restored folder differs:\n  ${differences.slice(0, 20).join('\n  ')}`);
  }
  proof(`${files} files, ${mebibytes(bytes)}: same bytes, names, modes, owners, links and nanosecond times.`);
  const {integrity, orders} = readOrders(join(restored, 'orders.db'));
  if (integrity !== 'ok' || orders !== 20_500) throw new Stop(`orders.db: ${integrity}, ${orders} orders.`);
  proof(`orders.db opens, passes SQLite's integrity check and holds all ${orders} orders.`);

  chapter('With the key, a check down to the content. Without any key, a check of every stored byte.');
  await holdfast(rescue, ['verify', '--level', 'content', ...repository, ...key]);
  await holdfast(rescue, ['verify', '--level', 'ciphertext', ...repository]);

  chapter('Somebody changes one bit in the storage: the same check, still without a key.');
  flipBit(join(storage, 'app01/files'));
  await holdfast(rescue, ['verify', '--level', 'ciphertext', '--repository', FOLDER], EXIT_DAMAGE);

  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`
${style('bold', `Proven in ${seconds} seconds`)}: a full and an incremental backup; a restore that is identical in every byte and
attribute, on a machine that had neither configuration nor catalog; and checks that need no key.
The server held the public key only: it cannot read its own history.

Next: ${style('cyan', 'node bin/run.js --help')}, then README.md ("Five minutes by hand") and docs/.`);
}

/** Runs a command on a machine of the story and shows it, its output and its time. Stops the story if it ends otherwise. */
async function holdfast(machine, args, expected = 0) {
  console.log(`\n${style('dim', `${machine.name} $`)} ${style('bold', `holdfast ${args.join(' ')}`)}`);
  const started = performance.now();
  const {status, output} = await run(machine, args, expected);
  console.log(indent(output));
  const ending = status === 0 ? '' : `exit code ${status}, `;
  console.log(indent(style('dim', `(${ending}${((performance.now() - started) / 1000).toFixed(1)} s)`)));
}

/** Every machine has a home and a state folder of its own, and no settings of whoever runs this reach it. */
async function run({folder}, args, expected = 0) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(HOLDFAST_|XDG_|GNUPGHOME|NODE_OPTIONS)/.test(name),
  );
  const home = join(folder, 'home');
  const env = {
    ...Object.fromEntries(inherited),
    HOME: home,
    XDG_STATE_HOME: join(home, '.local/state'), // as root it would be /var/lib
    NO_COLOR: '1',
  };
  const words = [program, ...args];
  const shown = [];
  const {error, stdout} = await new Promise((resolve) => {
    const options = {cwd: folder, env, encoding: 'utf8', maxBuffer: 1 << 26, signal: interrupt.signal};
    const child = execFile(process.execPath, words, options, (error, stdout) => resolve({error, stdout}));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => shown.push(text));
    child.stdin.end();
  });
  if (interrupt.signal.aborted) throw new Stop(`${interrupt.signal.reason} came.`);
  const output = shown.join('').trim();
  const status = error ? error.code : 0;
  if (status === expected) return {status, stdout, output};
  console.log(indent(output));
  throw new Stop(`holdfast ${args.join(' ')} ended with ${error?.signal ?? status}, not with ${expected}.`);
}

/** Changes a bit in the middle of the first pack. */
function flipBit(source) {
  const packs = readdirSync(source, {recursive: true, withFileTypes: true}).filter(
    (entry) => entry.isFile() && entry.parentPath.includes('/packs/'),
  );
  const [pack] = packs.map(({parentPath, name}) => join(parentPath, name)).sort();
  const bytes = readFileSync(pack);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(pack, bytes);
}

async function addSource(file, folder) {
  const {parseDocument} = await import('yaml');
  const config = parseDocument(readFileSync(file, 'utf8'));
  config.set('sources', config.createNode({files: {folder}}));
  writeFileSync(file, String(config));
}

/** The first of these texts that stands in a file, or in the name of a file, below the folder. */
function findIn(folder, texts) {
  for (const entry of readdirSync(folder, {recursive: true, withFileTypes: true})) {
    const content = entry.isFile() ? readFileSync(join(entry.parentPath, entry.name)) : Buffer.alloc(0);
    const found = texts.find((text) => content.includes(text) || entry.name.includes(text));
    if (found) return `${found} (${entry.name})`;
  }
  return undefined;
}

function optionValue(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function chapter(title) {
  console.log(`\n${style(['bold', 'cyan'], title)}`);
}

function note(text) {
  console.log(indent(style('dim', text)));
}

function proof(text) {
  console.log(`  ${style('green', '✓')} ${text}`);
}

function indent(text) {
  return text.replaceAll(/^(?=.)/gm, '  ');
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
