import {execFileSync} from 'node:child_process';
import {chmod, chown, mkdir, mkdtempDisposable, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {checkConfig, loadConfig} from '../../src/config/config.ts';
import {assertTrustedFile, findConfig} from '../../src/config/file.ts';
import {ConfigError} from '../../src/errors.ts';
import {asRoot} from '../support/skips.ts';

const scratch = () => mkdtempDisposable(join(tmpdir(), 'holdfast-config-'));
const failure = async (path: string): Promise<ConfigError> => {
  const error: unknown = await loadConfig({path, env: {}}).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
};

test('what cannot be read as a config is refused with its own words', async () => {
  await using folder = await scratch();
  const path = join(folder.path, 'holdfast.yaml');
  expect((await failure(path)).message).toBe(`There is no config at ${path}.`);
  expect((await failure(folder.path)).message).toBe(`${folder.path} is not a regular file.`);
  await writeFile(path, Buffer.from([0x66, 0xff, 0xfe]), {mode: 0o600});
  expect((await failure(path)).message).toBe(`${path} is not UTF-8 text.`);
  await writeFile(path, ' '.repeat(2 ** 20 + 1));
  expect((await failure(path)).message).toBe(`${path} is too large for a config (1048577 bytes).`);
  await writeFile(path, Buffer.from('\ufefffull: 3d\r\n', 'utf16le'));
  expect((await failure(path)).message).toBe(`${path} is not UTF-8 text.`);
  execFileSync('mkfifo', [join(folder.path, 'fifo')]);
  expect((await failure(join(folder.path, 'fifo'))).message).toContain('is not a regular file.');
});

test('a config that others can change is refused', async () => {
  await using folder = await scratch();
  const path = join(folder.path, 'holdfast.yaml');
  await writeFile(path, 'full: 3d\n', {mode: 0o600});
  await chmod(path, 0o644);
  await loadConfig({path, env: {}});
  for (const [mode, who] of [
    [0o664, 'its group'],
    [0o646, 'everybody'],
  ] as const) {
    await chmod(path, mode);
    expect(await failure(path)).toMatchObject({
      message: `${path} can be changed by ${who} (mode ${mode.toString(8)}).`,
      hint: `Check what it says, then run: chmod go-w ${path}`,
      exitCode: 2,
    });
  }
  expect(await checkConfig({path, env: {}})).toMatchObject([{path: '', line: 1, column: 1}]);
  await symlink(path, join(folder.path, 'link'));
  expect((await failure(join(folder.path, 'link'))).message).toContain('can be changed by everybody');
});

test.runIf(asRoot('a config of another user'))('a config of another user is refused', async () => {
  await using folder = await scratch();
  const path = join(folder.path, 'holdfast.yaml');
  await writeFile(path, 'full: 3d\n', {mode: 0o600});
  await chown(path, 65_534, 65_534);
  expect(await failure(path)).toMatchObject({
    message: `${path} belongs to another user (uid 65534), who could change it.`,
    hint: `Check what it says, then run: chown 0 ${path}`,
  });
});

test('root may own what a user runs, another user may not', () => {
  const mode = 0o100_644;
  assertTrustedFile('/x', {uid: 0, mode}, 1000);
  assertTrustedFile('/x', {uid: 1000, mode}, 1000);
  expect(() => assertTrustedFile('/x', {uid: 1001, mode}, 1000)).toThrow(ConfigError);
  expect(() => assertTrustedFile('/x', {uid: 1000, mode}, 0)).toThrow(ConfigError);
});

test('a config is found by flag, environment, working directory and XDG, in this order', async () => {
  await using folder = await scratch();
  const [cwd, xdg, named, other] = ['cwd', 'xdg/holdfast', 'named.yaml', 'other.yaml'].map((name) =>
    join(folder.path, name),
  );
  await mkdir(cwd!);
  await mkdir(xdg!, {recursive: true});
  await writeFile(named!, '');
  await writeFile(other!, '');
  await writeFile(join(cwd!, 'holdfast.yaml'), '');
  await writeFile(join(xdg!, 'holdfast.yaml'), '');
  const env = {HOLDFAST_CONFIG: other!, XDG_CONFIG_HOME: join(folder.path, 'xdg')};
  expect(await findConfig({flag: '../named.yaml', env, cwd: cwd!})).toBe(named);
  expect(await findConfig({env, cwd: cwd!})).toBe(other);
  expect(await findConfig({env: {...env, HOLDFAST_CONFIG: undefined}, cwd: cwd!})).toBe(
    join(cwd!, 'holdfast.yaml'),
  );
  expect(await findConfig({env: {...env, HOLDFAST_CONFIG: undefined}, cwd: '/'})).toBe(
    join(xdg!, 'holdfast.yaml'),
  );
  expect(await findConfig({env: {HOME: '/nowhere'}, cwd: '/'})).toBeOneOf([
    undefined,
    '/etc/holdfast/holdfast.yaml',
  ]);
  await expect(findConfig({flag: 'nope', env, cwd: cwd!})).rejects.toThrow(
    `There is no config at ${cwd}/nope.`,
  );
  await expect(findConfig({env: {HOLDFAST_CONFIG: '/nope'}, cwd: '/'})).rejects.toThrow(ConfigError);
});
