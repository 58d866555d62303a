/** Several repositories in one config, by the command line: TESTING.md B1, B14. */
import {mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Scratch} from './scratch.ts';

const vm = new Scratch();
type State = {name: string; ok: boolean; behind: string[]; error: {code: string} | null};
const states = (json: Record<string, unknown>): Record<string, State> =>
  Object.fromEntries((json['repositories'] as State[]).map((state) => [state.name, state]));
const snapshotsAt = async (place: string): Promise<string[]> => {
  const {json} = await vm.json(['snapshots', '--repository', place]);
  return (json['snapshots'] as {source: string}[]).map(({source}) => source);
};

beforeAll(async () => {
  await vm.must(['keygen', 'ops', '--no-passphrase']);
  mkdirSync(vm.path('data'));
  mkdirSync(vm.path('media'));
  vm.write('data/file', 'content');
  vm.write('media/file', 'content');
  vm.write(
    'holdfast.yaml',
    `repositories: {main: ${vm.path('main')}, offsite: ${vm.path('offsite')}}
recipients: [ops.public.asc]
sources:
  files: {folder: data}
  media: {folder: media, repository: offsite}
`,
  );
  await vm.must(['init']);
});
afterAll(() => vm[Symbol.dispose]());

test('each backup goes to all places, or to those that its source names', async () => {
  const {json} = await vm.json(['backup']);
  expect(states(json)).toMatchObject({
    main: {ok: true, behind: [], error: null},
    offsite: {ok: true, behind: [], error: null},
  });
  expect(await snapshotsAt('main')).toEqual(['files']);
  expect((await snapshotsAt('offsite')).sort()).toEqual(['files', 'media']);
  for (const place of ['main', 'offsite']) await vm.must(['verify', '--repository', place]);
});

test('a place that is away: exit 3, its state in the JSON, and the next run brings it up to date', async () => {
  for (const place of ['main', 'offsite']) {
    renameSync(vm.path(place), vm.path('away'));
    writeFileSync(vm.path('data', `new-${place}`), place);
    const {code, json, stderr} = await vm.json(['backup', 'files']);
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`^Warning: ${place} .*\\nHint: `, 'm'));
    expect(states(json)[place]).toMatchObject({
      ok: false,
      behind: ['files'],
      error: {code: expect.any(String)},
    });
    expect((json['snapshots'] as unknown[]).length).toBe(1);
    renameSync(vm.path('away'), vm.path(place));
    expect(states((await vm.json(['backup', 'files'])).json)[place]).toMatchObject({ok: true, behind: []});
    await vm.must(['verify', '--repository', place]);
  }
  expect((await snapshotsAt('main')).length).toBe(5);
});

test('--also-to: a further place for one run, by its address', async () => {
  const {code, json} = await vm.json(['backup', '--also-to', vm.path('third')]);
  expect(code).toBe(0);
  expect(states(json)[vm.path('third')]).toMatchObject({ok: true, behind: []});
  const restored = await vm.run([
    'restore',
    'latest:media',
    '--to',
    vm.path('out'),
    '--repository',
    vm.path('third'),
    '--key',
    vm.path('ops.private.asc'),
  ]);
  expect(restored.code, restored.stderr).toBe(0);
  rmSync(vm.path('third'), {recursive: true});
  mkdirSync(vm.path('third'));
  const emptied = await vm.run(['backup', '--also-to', vm.path('third')]);
  expect(emptied.code).toBe(3);
  expect(emptied.stderr).toMatch(/third.*There is no repository at/);
  const nonsense = await vm.run(['backup', '--also-to', 'ftp://host/x']);
  expect(nonsense).toMatchObject({code: 2, stderr: expect.stringContaining('no targets of the kind ftp')});
});
