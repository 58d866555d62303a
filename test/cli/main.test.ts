import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';

const launcher = join(import.meta.dirname, '../../bin/dev.js');

function holdfast(...args: string[]): Promise<{code: unknown; stdout: string; stderr: string}> {
  return new Promise((resolve) => {
    const env = {...process.env, NO_COLOR: '1', NODE_ENV: 'test', DEBUG: ''};
    execFile(process.execPath, [launcher, ...args], {env}, (error, stdout, stderr) => {
      resolve({code: error ? error.code : 0, stdout, stderr});
    });
  });
}

describe('errors around commands', () => {
  test.each([
    [['versoin'], 'There is no command "versoin".', 'Did you mean "holdfast version"?'],
    [['versoin', '/etc', 'x'], 'There is no command "versoin".', 'Did you mean "holdfast version"?'],
    [['help', 'versoin'], 'There is no command "versoin".', 'Did you mean "holdfast version"?'],
    [['versoin', '--help'], 'There is no command "versoin".', 'Did you mean "holdfast version"?'],
    [['qqqqqqqq'], 'There is no command "qqqqqqqq".', 'Run "holdfast --help" to see the commands.'],
    [
      ['keys', 'qqqqqqqq'],
      'There is no command "keys qqqqqqqq".',
      'Run "holdfast keys --help" to see the commands.',
    ],
    [
      ['--passphrase=hunter2', 'x'],
      'The option --passphrase needs a command before it.',
      'Run "holdfast --help".',
    ],
  ])('%j', async (args, message, hint) => {
    const {code, stdout, stderr} = await holdfast(...args);
    expect({code, stdout, stderr}).toEqual({
      code: 2,
      stdout: '',
      stderr: `Error: ${message}\nHint: ${hint}\n`,
    });
  });

  test.each([
    ['an unknown command', ['versoin', '--json']],
    ["a wrong option of one of oclif's own commands", ['autocomplete', '--refresh-cach', '--json']],
  ])('%s is one JSON document, without argv or configuration', async (_, args) => {
    const {code, stdout} = await holdfast(...args);
    const error = JSON.parse(stdout);
    expect(code).toBe(2);
    expect(Object.keys(error)).toEqual(['code', 'exitCode', 'message', 'hint']);
    expect(error).toMatchObject({code: 'USAGE', exitCode: 2});
  });
});

test.each([['--help'], ['-h'], ['--version'], ['-V'], ['keys']])(
  '%s prints nothing on stderr',
  async (arg) => {
    const {code, stdout, stderr} = await holdfast(arg);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(stdout).not.toBe('');
  },
);

test('help names no option that means nothing there; scripts may give it all the same', async () => {
  const {stdout} = await holdfast('keygen', '--help');
  expect(stdout).toContain('--quiet');
  expect(stdout).not.toMatch(/--config|--repository/);
  const check = await holdfast('config', 'check', '--help');
  expect(check.stdout).toContain('--config=FILE');
  expect(check.stdout).not.toContain('--repository');
  expect((await holdfast('version', '--repository', 'x', '--config', 'y')).code).toBe(0);
});
