import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {completions} from '../../packaging/tree.ts';
import {hasProgram} from '../support/skips.ts';

const scripts = completions({zsh: 'zsh'});
const folder = mkdtempSync(join(tmpdir(), 'holdfast-completions-'));
for (const [name, path] of Object.entries({
  bash: 'bash-completion/completions/holdfast',
  zsh: 'zsh/_holdfast',
  fish: 'fish/vendor_completions.d/holdfast.fish',
}))
  writeFileSync(join(folder, name), scripts[path] ?? '');
afterAll(() => rmSync(folder, {recursive: true}));

const FILES = '(files)';
const CASES: readonly [typed: readonly string[], expected: readonly string[]][] = [
  [['dri'], ['drill']],
  [['help', 'dri'], ['drill']],
  [
    ['drill', ''],
    ['clean', 'list', 'report', 'run', 'show'],
  ],
  [
    ['drill', 'run', '--key'],
    ['--key', '--key-only'],
  ],
  [
    ['verify', '--level', ''],
    ['structure', 'ciphertext', 'content'],
  ],
  [['verify', '--level', '=', 's'], ['structure']],
  [['init', '--recipient', ''], [FILES]],
  [['restore', '--no-o'], ['--no-owners']],
  [['restore', 'latest', ''], [FILES]],
  [['backup', '--tag', ''], []],
];

test.each(CASES)('bash completes %j', (typed, expected) => {
  const script = `. "$0"; compopt() { echo '${FILES}'; }
    COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const given = execFileSync('bash', ['-c', script, join(folder, 'bash'), ...typed], {encoding: 'utf8'});
  expect(given.split('\n').filter((line) => line !== '')).toEqual(expect.arrayContaining([...expected]));
});

test.runIf(hasProgram('completion of fish', 'fish')).each([
  ['holdfast dri', ['drill']],
  ['holdfast drill ', ['list', 'report', 'run']],
  ['holdfast drill run x --key', ['--key', '--key-only']],
  ['holdfast verify --level s', ['structure']],
])('fish completes %j', (typed, expected) => {
  const script = `source ${join(folder, 'fish')}; complete -C '${typed}'`;
  const given = execFileSync('fish', ['--no-config', '-c', script], {
    encoding: 'utf8',
    env: {...process.env, HOME: folder},
  });
  expect(given.split('\n').flatMap((line) => line.split('\t')[0] || [])).toEqual(
    expect.arrayContaining([...expected]),
  );
});

test.runIf(hasProgram('completion of zsh', 'zsh'))('zsh can read its completion', () => {
  expect(execFileSync('zsh', ['-n', join(folder, 'zsh')], {encoding: 'utf8'})).toBe('');
});
