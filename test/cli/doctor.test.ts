/** A plain `holdfast doctor`: what it says of this machine (TESTING.md E8, J3, B21). */
import {chmodSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Catalog} from '../../src/catalog/catalog.ts';
import {providerChanges, rememberProvider} from '../../src/operations/provider.ts';
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
  expect(code).toBe(3);
  expect(told.ok).toBe(true);
  expect(told.checks.filter(({ok}) => !ok).map(({name}) => name)).toEqual([
    'cannot overwrite',
    'cannot remove',
  ]);
  for (const name of ['recipients', 'no private key here', 'programs', 'agent key', 'catalog', 'clock'])
    expect(check(name), name).toMatchObject({ok: true});
});

test('a private key, a program that is not there, an agent key that others may read', async () => {
  vm.write('vm/oops.asc', readFileSync(vm.path('client/ops.private.asc')));
  vm.write('vm/holdfast.yaml', config(', dump: {command: "/nowhere/dump all", name: all.sql}'));
  chmodSync(vm.path('vm/agent.private.asc'), 0o640);
  const {code, check} = await doctor();
  expect(code).toBe(4);
  expect(check('no private key here')).toMatchObject({
    ok: false,
    detail: expect.stringContaining('vm/oops.asc'),
  });
  expect(check('programs')).toMatchObject({ok: false, detail: 'Not found: /nowhere/dump (dump).'});
  expect(check('agent key')).toMatchObject({ok: false, hint: expect.stringContaining('chmod 600')});
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
