// Shows Holdfast on real files: every command below really runs, and its real output is shown. Everything happens in
// one temporary folder whose subfolders play the machines. `npm run quickstart -- --keep` keeps it.
import {spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {styleText} from 'node:util';
import {root, runWithPinnedNode} from './lib/project.mjs';

/** The story cannot go on; the message says why. */
class Stop extends Error {}

const style = (format, text) => (process.stdout.isTTY ? styleText(format, text) : text);

await runWithPinnedNode(import.meta.url, async () => {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-quickstart-'));
  const keep = process.argv.includes('--keep');
  try {
    await tellStory(base);
    if (keep) console.log(`\nEverything is still in ${base}`);
  } catch (error) {
    console.log(style('red', `\nStopped: ${error instanceof Stop ? error.message : error.stack}`));
    process.exitCode = 1;
  } finally {
    if (!keep) rmSync(base, {recursive: true, force: true});
  }
});

async function tellStory(base) {
  const {changeSample, makeSample, PLAINTEXT, readOrders} = await import('./lib/quickstart-data.mjs');
  const {compareTrees} = await import('./lib/compare-trees.mjs');
  const machine = (name) => {
    mkdirSync(join(base, name), {recursive: true});
    return {name, folder: join(base, name)};
  };
  const [client, vm, rescue] = ['client', 'vm', 'new-machine'].map(machine);
  const data = join(vm.folder, 'data');
  const key = ['--key', '../client/ops.private.asc', '--passphrase-file', '../client/passphrase'];
  const repository = ['--repository', '../storage/app01'];
  const started = performance.now();

  console.log(`The folders client, vm, storage and new-machine in ${base} play the machines.`);

  chapter('On your own machine: a key pair. Only its private half will ever restore.');
  writeFileSync(join(client.folder, 'passphrase'), `${randomBytes(18).toString('base64url')}\n`, {
    mode: 0o600,
  });
  holdfast(client, 'keygen', 'ops', '--passphrase-file', 'passphrase');

  chapter('On the server: a repository for that key, and something to back up.');
  holdfast(vm, 'init', '../storage/app01', '--recipient', '../client/ops.public.asc');
  makeSample(data);
  await addSource(join(vm.folder, 'holdfast.yaml'), data);
  note(`Added to holdfast.yaml:  sources: { files: { folder: ${data} } }`);

  chapter('A full backup.');
  holdfast(vm, 'backup');

  chapter(
    'A working day: a file edited, one added, a folder renamed, one deleted, 500 new orders in orders.db.',
  );
  changeSample(data);
  holdfast(vm, 'backup');
  holdfast(vm, 'snapshots');
  const {snapshots} = JSON.parse(quietly(vm, 'snapshots', '--json'));
  const [full, incremental] = ['full', 'incremental'].map((kind) => {
    const found = snapshots.find((snapshot) => snapshot.kind === kind);
    if (!found) throw new Stop(`no ${kind} snapshot is listed.`);
    return found.id;
  });
  holdfast(vm, 'diff', full, incremental);

  chapter('On a new machine, with nothing but the repository and the private key: the server as it is now.');
  holdfast(rescue, 'restore', 'latest:files', '--to', 'restored', ...repository, ...key);
  const restored = join(rescue.folder, 'restored');
  const {files, bytes, differences} = compareTrees(data, restored);
  if (differences.length > 0) {
    throw new Stop(`the restored folder differs:\n  ${differences.slice(0, 20).join('\n  ')}`);
  }
  proof(`${files} files, ${megabytes(bytes)}: same bytes, names, modes, owners, links and nanosecond times.`);
  const {integrity, orders} = readOrders(join(restored, 'orders.db'));
  if (integrity !== 'ok' || orders !== 20_500) throw new Stop(`orders.db: ${integrity}, ${orders} orders.`);
  proof(`orders.db opens, passes SQLite's integrity check and holds all ${orders} orders.`);

  chapter(
    'Anyone with read access to the storage can check it without a key; with the key, down to the content.',
  );
  holdfast(rescue, 'verify', '--level', 'structure', ...repository);
  holdfast(rescue, 'verify', '--level', 'ciphertext', ...repository);
  holdfast(rescue, 'verify', '--level', 'content', ...repository, ...key);
  const leak = findIn(join(base, 'storage'), [
    PLAINTEXT,
    'customer 7',
    'figures-hard-link',
    'integer primary key',
  ]);
  if (leak) throw new Stop(`plaintext in the repository: ${leak}`);
  proof('No file name and no content of the sample stands in the repository.');

  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`
${style('bold', `Proven in ${seconds} seconds`)}: a full and an incremental backup; a restore that is identical in every byte and
attribute, on a machine that had neither configuration nor catalog; and checks that need no key.
The server held the public key only: it cannot read its own history.

Next: ${style('cyan', 'node bin/run.js --help')}, then docs/ (format.md, threat-model.md, errors.md).`);
}

/** Runs a command on a machine of the story and shows it, its output and its time. Stops the story if it fails. */
function holdfast(machine, ...args) {
  console.log(`\n${style('dim', `${machine.name} $`)} ${style('bold', `holdfast ${args.join(' ')}`)}`);
  const started = performance.now();
  const {status, signal, output} = run(machine, args);
  console.log(indent(output));
  console.log(indent(style('dim', `(${((performance.now() - started) / 1000).toFixed(1)} s)`)));
  if (status !== 0) throw new Stop(`the command ended with ${signal ?? `exit code ${status}`}.`);
}

function quietly(machine, ...args) {
  const {status, stdout, output} = run(machine, args);
  if (status !== 0) throw new Stop(`holdfast ${args.join(' ')} ended with exit code ${status}:\n${output}`);
  return stdout;
}

/** Every machine has a home of its own, and no settings of whoever runs this reach it. */
function run({folder}, args) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(HOLDFAST_|XDG_|GNUPGHOME|NODE_OPTIONS)/.test(name),
  );
  const env = {...Object.fromEntries(inherited), HOME: join(folder, 'home'), NO_COLOR: '1'};
  mkdirSync(env.HOME, {recursive: true});
  const {error, status, signal, stdout, stderr} = spawnSync(
    process.execPath,
    [join(root, 'bin/run.js'), ...args],
    {cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26},
  );
  if (error) throw error;
  return {status, signal, stdout, output: `${stdout}${stderr}`.trim()};
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

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
