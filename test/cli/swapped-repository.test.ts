/** Another repository, or none, at the address of ours (TESTING.md D5, B19): what the storage or a wrong disk can put there. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {Scratch} from './scratch.ts';

const owner = new Scratch();
const evil = new Scratch();
const address = owner.path('repo');
const config = owner.path('holdfast.yaml');
let ours: string;
let theirs: string;

/** A machine with a repository at `repo`, and one snapshot in it. @returns the repository's id */
async function setUp(user: Scratch, recipient: string): Promise<string> {
  mkdirSync(user.path('data'));
  user.write('data/file', 'content');
  const {json} = await user.json(['init', 'repo', '--recipient', recipient]);
  const text = readFileSync(user.path('holdfast.yaml'), 'utf8');
  writeFileSync(user.path('holdfast.yaml'), `${text}\nsources: {files: {folder: ${user.path('data')}}}\n`);
  await user.must(['backup']);
  return String(json['repositoryId']);
}

beforeAll(async () => {
  await owner.must(['keygen', 'ops', '--no-passphrase']);
  ours = await setUp(owner, owner.path('ops.public.asc'));
  theirs = await setUp(evil, owner.path('ops.public.asc'));
  cpSync(address, owner.path('ours'), {recursive: true});
});
afterAll(() => {
  owner[Symbol.dispose]();
  evil[Symbol.dispose]();
});

/** Puts a copy of a repository where ours was. */
function serve(from: string): void {
  rmSync(address, {recursive: true, force: true});
  cpSync(from, address, {recursive: true});
}

const objects = (): string[] => readdirSync(address, {recursive: true, encoding: 'utf8'}).sort();

async function expectRefused(user: Scratch, args: readonly string[], because: RegExp): Promise<void> {
  const before = objects();
  const {code, json} = await user.json(args);
  expect(code, args.join(' ')).toBe(10);
  expect(json).toMatchObject({code: 'NO_REPOSITORY', exitCode: 10});
  expect(json['message']).toMatch(because);
  expect(objects(), 'nothing is written there').toEqual(before);
}

describe('a whole other repository, to the same recipient, in the place of ours', () => {
  test('is refused by the machine that backs up: its configuration names the id', async () => {
    expect(readFileSync(config, 'utf8')).toContain(`repositoryId: "${ours}"`);
    serve(evil.path('repo'));
    const says = new RegExp(`is ${theirs}, not ${ours}, as .*holdfast.yaml says`);
    for (const args of [['backup'], ['verify'], ['snapshots'], ['init', 'repo'], ['catalog', 'rebuild']])
      await expectRefused(owner, args, says);
    await expectRefused(owner, ['init', 'repo', '--join'], says);
  });

  test('is refused by a machine that only reads and met ours, until the operator says which one is meant', async () => {
    using client = new Scratch();
    serve(owner.path('ours'));
    const at = ['--repository', address];
    expect((await client.must(['snapshots', ...at])).stderr).toMatch(/for the first time/);
    serve(evil.path('repo'));
    const key = ['--key', owner.path('ops.private.asc')];
    const says = new RegExp(`is ${theirs}, not ${ours}, which this machine met there before`);
    for (const args of [['snapshots'], ['verify'], ['restore', 'latest', '--to', 'restored', ...key]])
      await expectRefused(client, [...args, ...at], says);
    expect(existsSync(client.path('restored'))).toBe(false);
    await expectRefused(client, ['verify', ...at, '--repository-id', ours], /as --repository-id says/);
    expect((await client.run(['verify', ...at, '--repository-id', 'x'])).code).toBe(2);

    // The operator decides; from then on the new one is expected.
    await client.must(['verify', ...at, '--repository-id', theirs]);
    await client.must(['verify', ...at]);
    serve(owner.path('ours'));
    await expectRefused(client, ['verify', ...at], new RegExp(`is ${ours}, not ${theirs}`));
  });

  test('under the id of ours it has no snapshot that counts', async () => {
    using client = new Scratch();
    serve(owner.path('ours'));
    await client.must(['snapshots', '--repository', address]);
    serve(evil.path('repo'));
    writeFileSync(
      join(address, 'holdfast.json'),
      readFileSync(join(address, 'holdfast.json'), 'utf8').replace(theirs, ours),
    );
    const {code, json, stderr} = await client.json(['snapshots', '--repository', address]);
    expect(code).toBe(4);
    expect(json).toMatchObject({snapshots: []});
    expect(stderr).toMatch(/rolled back or emptied/);
    expect(stderr).toMatch(/nobody approved it here/);
  });

  test('a damaged memory of the place is no first contact', async () => {
    using client = new Scratch();
    serve(owner.path('ours'));
    await client.must(['snapshots', '--repository', address]);
    const [file = ''] = readdirSync(client.path('state/holdfast/places'));
    writeFileSync(client.path('state/holdfast/places', file), '{');
    const {code, json} = await client.json(['snapshots', '--repository', address]);
    expect(code).toBe(1);
    expect(json).toMatchObject({code: 'CATALOG'});
    expect(json['message']).toContain(file);
  });
});

// B19
describe('an empty place where ours was: a disk that is not mounted', () => {
  test('no command makes anything there, and init neither', async () => {
    serve(owner.path('ours'));
    const away = owner.path('unmounted');
    renameSync(address, away);
    mkdirSync(address);
    const says = new RegExp(`no repository at .*; ${ours} should be there, as .*holdfast.yaml says`);
    for (const args of [['backup'], ['verify'], ['init', 'repo']]) await expectRefused(owner, args, says);
    using client = new Scratch();
    await client.must(['snapshots', '--repository', away]);
    renameSync(away, owner.path('moved'));
    mkdirSync(away);
    await expectRefused(client, ['snapshots', '--repository', away], /which this machine met there before/);
    rmSync(address, {recursive: true});
    renameSync(owner.path('moved'), address);
    await owner.must(['backup']);
  });

  // Not pinned, the operator may begin anew; but it is said.
  test('init without a pin makes a new repository, and says that another one was there', async () => {
    using user = new Scratch();
    user.write('ops.public.asc', readFileSync(owner.path('ops.public.asc')));
    const first = await user.json(['init', 'repo', '-r', 'ops.public.asc']);
    rmSync(user.path('repo'), {recursive: true});
    rmSync(user.path('holdfast.yaml'));
    const again = await user.json(['init', 'repo', '-r', 'ops.public.asc']);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain(`the repository ${String(first.json['repositoryId'])} that was at`);
    expect(again.json['repositoryId']).not.toBe(first.json['repositoryId']);
    await user.must(['snapshots']);
  });
});

// D1: what is new is protected although something old is damaged; cron sees it.
test('a damaged old seal: the backup is made, says so, and ends with 4', async () => {
  await owner.must(['backup']);
  const [seal = ''] = objects().filter((name) => /\/seals\/0000000001-/.test(name));
  const bytes = readFileSync(join(address, seal));
  bytes.writeUInt8((bytes[200] as number) ^ 1, 200);
  writeFileSync(join(address, seal), bytes);
  const {code, json, stderr} = await owner.json(['backup']);
  expect(code).toBe(4);
  expect(json).toMatchObject({snapshots: [{kind: 'incremental'}], failures: []});
  expect(json['problems']).toContainEqual(expect.objectContaining({object: seal}));
  expect(stderr).toMatch(/did not stop the backup/);
  await owner.run(['backup', '--accept-history']);
  await owner.must(['backup']);
});
