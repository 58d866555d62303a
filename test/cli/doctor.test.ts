/** A plain `holdfast doctor`: what it says of this machine (TESTING.md E8, J3, B21). */
import {chmodSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Catalog} from '../../src/catalog/catalog.ts';
import {providerChanges, rememberProvider} from '../../src/operations/provider.ts';
import {GnupgHome} from '../support/gnupg.ts';
import {whyWithout} from '../support/openpgp-programs.ts';
import {Scratch} from './scratch.ts';

const vm = new Scratch();
type Told = {ok: boolean; checks: {name: string; ok: boolean; detail: string; hint: string | null}[]};

beforeAll(async () => {
  mkdirSync(vm.path('client'));
  await vm.must(['keygen', 'ops', '--no-passphrase', '--output', vm.path('client')]);
  mkdirSync(vm.path('vm'));
  vm.write('vm/ops.public.asc', readFileSync(vm.path('client/ops.public.asc')));
  vm.write('data/file', 'content');
  vm.write('vm/holdfast.yaml', config(''));
  await vm.must(['init', ...AT]);
  await vm.must(['backup', ...AT]);
});
afterAll(() => vm[Symbol.dispose]());

const AT = ['--config', vm.path('vm/holdfast.yaml')];
const config = (more: string) =>
  `repository: ${vm.path('repo')}\nrecipients: [ops.public.asc]\nagent: agent.private.asc\nsources: {files: {folder: ${vm.path('data')}}${more}}\n`;

async function doctor(): Promise<{
  code: number | null;
  told: Told;
  check: (name: string) => Told['checks'][number] | undefined;
}> {
  const {code, json} = await vm.json<Told>(['doctor', ...AT]);
  return {code, told: json, check: (name) => json.checks.find((check) => check.name === name)};
}

test('a machine that is as it should be, on a folder that it can remove from', async () => {
  const {code, told, check} = await doctor();
  expect(code).toBe(0);
  expect(told.ok).toBe(true);
  expect(told.checks.filter(({ok}) => !ok)).toEqual([]);
  // Told all the same: a folder is as safe as this machine.
  const advised = told.checks.filter(({hint}) => hint !== undefined).map(({name}) => name);
  expect(advised).toEqual(['cannot overwrite', 'cannot remove']);
  for (const name of [
    'recipients',
    'recipients last',
    'no private key here',
    'programs',
    'agent key',
    'permissions',
    'catalog',
    'room',
    'clock',
    'last backups',
    'has the same time',
    'encryption on the way',
  ])
    expect(check(name), name).toMatchObject({ok: true});
  expect(check('programs')?.detail).toContain(`Node ${process.versions.node}`);
  expect(check('last backups')?.detail).toMatch(/^The newest good snapshots: files .* ago\.$/);
});

test('a private key, a program that is not there, an agent key that others may read', async () => {
  vm.write('vm/oops.asc', readFileSync(vm.path('client/ops.private.asc')));
  vm.write('vm/too.asc', readFileSync(vm.path('client/ops.private.asc')));
  vm.write('vm/holdfast.yaml', config(', dump: {command: "/nowhere/dump all", name: all.sql}'));
  chmodSync(vm.path('vm/agent.private.asc'), 0o640);
  const {code, check} = await doctor();
  expect(code).toBe(4);
  expect(check('no private key here')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/vm\/oops\.asc, .*vm\/too\.asc\.$/),
  });
  rmSync(vm.path('vm/too.asc'));
  expect(check('programs')).toMatchObject({ok: false, detail: 'Not found: /nowhere/dump (dump).'});
  expect(check('agent key')).toMatchObject({ok: false, hint: expect.stringContaining('chmod 600')});
});

test('a config that others may write, a source that has no snapshot, a key that expires soon', async () => {
  rmSync(vm.path('vm/oops.asc'), {force: true});
  chmodSync(vm.path('vm/agent.private.asc'), 0o600);
  await vm.must(['keygen', 'soon', '--no-passphrase', '--expires', '30d', '--output', vm.path('client')]);
  vm.write('vm/ops.public.asc', readFileSync(vm.path('client/soon.public.asc')));
  vm.write('vm/holdfast.yaml', `${config(`, new: {folder: ${vm.path('data')}}`)}schedule: "30 2 * * *"\n`);
  chmodSync(vm.path('vm'), 0o775);
  const {check, told} = await doctor();
  chmodSync(vm.path('vm'), 0o755);
  expect(check('permissions')).toMatchObject({
    ok: false,
    detail: `${vm.path('vm')} can be written by others.`,
    hint: expect.stringContaining('chmod'),
  });
  expect(check('recipients')).toMatchObject({ok: true});
  expect(check('schedule')).toMatchObject({
    ok: false,
    detail: 'Nothing on this machine starts backup.',
    hint: expect.stringContaining('schedule install'),
  });
  expect(check('recipients last')).toMatchObject({
    ok: false,
    detail: expect.stringContaining('expires on 20'),
  });
  expect(check('last backups')).toMatchObject({ok: false, detail: 'new: it was never backed up.'});
  for (const {ok, hint} of told.checks.filter((one) => !one.ok)) expect(ok ? '' : hint).toBeTruthy();
});

// E8
test.skipIf(whyWithout('gpg'))('a private key in the keyring of GnuPG', async () => {
  await vm.must(['keygen', 'card', '--no-passphrase', '--compat', 'gpg', '--output', vm.path('client')]);
  vm.write('vm/ops.public.asc', readFileSync(vm.path('client/card.public.asc')));
  vm.write('vm/holdfast.yaml', config(''));
  using gnupg = new GnupgHome('');
  vm.env = {GNUPGHOME: gnupg.folder};
  expect((await doctor()).check('no private key here')).toMatchObject({ok: true});
  gnupg.run(['--import', vm.path('client/card.private.asc')]);
  expect((await doctor()).check('no private key here')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^GnuPG's keyring here has the private key of .*ops\.public\.asc/),
  });
  vm.env = {};
});

test('what a storage told at init is remembered, and what of that changed is told', () => {
  const path = vm.path('catalog.db');
  using catalog = Catalog.open(path, {repositoryId: '0'.repeat(32)});
  const fact = (detail: string) => [{name: 'versions', detail}];
  expect(providerChanges(catalog, 's3://a', fact('none'))).toBeUndefined();
  rememberProvider(catalog, 's3://a', fact('all'), new Date('2026-11-20T02:30:00Z'));
  expect(providerChanges(catalog, 's3://a', fact('all'))).toEqual([]);
  expect(providerChanges(catalog, 's3://a', fact('none'))).toEqual([
    'versions: "all" on 2026-11-20, now "none"',
  ]);
  rmSync(path);
});
