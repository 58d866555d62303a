import {execFileSync} from 'node:child_process';
import {EventEmitter} from 'node:events';
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type HiddenPrompt, hiddenPrompt} from '../../src/cli/hidden-prompt.ts';
import {givenPassphrase, newPassphrase, openPrivateKey} from '../../src/cli/passphrase.ts';
import {readPrivateKey} from '../../src/crypto/keys.ts';
import {PassphraseError} from '../../src/errors.ts';
import {Secret} from '../../src/system/secret.ts';

const env = {PATH: process.env['PATH']};
const keys = join(import.meta.dirname, '../fixtures/keys');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-passphrase-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

function file(content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, `file-${Math.random()}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** Answers the questions one by one, and remembers them. */
function prompting(...answers: string[]): {prompt: HiddenPrompt; questions: string[]} {
  const questions: string[] = [];
  const prompt: HiddenPrompt = async (question) => {
    questions.push(question);
    const answer = answers.shift();
    if (answer === undefined) throw new Error('asked once too often');
    return new Secret(answer);
  };
  return {prompt, questions};
}

function locked(name: string): ReturnType<typeof readPrivateKey> {
  return readPrivateKey(readFileSync(join(keys, `${name}.private.asc`)), `${name}.asc`);
}

describe('a given passphrase', () => {
  // E1
  test.each([
    ['plain', 'test', 'test'],
    ['one newline', 'test\n', 'test'],
    ['CRLF', 'test\r\n', 'test'],
    ['blanks stay', ' te st \n', ' te st '],
    ['UTF-8', 'pässword 🔑\n', 'pässword 🔑'],
    ['byte order mark', '\ufefftest\n', 'test'],
  ])('from a file, and from a command: %s', async (_, content, expected) => {
    const path = file(content);
    expect((await givenPassphrase({flagFile: path, env}))?.reveal()).toBe(expected);
    expect((await givenPassphrase({env: {...env, HOLDFAST_PASSPHRASE_FILE: path}}))?.reveal()).toBe(expected);
    expect(
      (await givenPassphrase({env: {...env, HOLDFAST_PASSPHRASE_COMMAND: `cat '${path}'`}}))?.reveal(),
    ).toBe(expected);
  });

  test('comes from the first place that is named, and that one must be good', async () => {
    const all = {
      ...env,
      HOLDFAST_PASSPHRASE_FILE: file('of the file'),
      HOLDFAST_PASSPHRASE_COMMAND: 'printf "of the command"',
      HOLDFAST_PASSPHRASE: 'of the variable',
    };
    const seen = async (flagFile?: string, without: readonly string[] = []): Promise<string | undefined> => {
      const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)));
      return (await givenPassphrase({flagFile, env: rest}))?.reveal();
    };
    expect(await seen(file('of the flag'))).toBe('of the flag');
    expect(await seen()).toBe('of the file');
    expect(await seen(undefined, ['HOLDFAST_PASSPHRASE_FILE'])).toBe('of the command');
    expect(await seen(undefined, ['HOLDFAST_PASSPHRASE_FILE', 'HOLDFAST_PASSPHRASE_COMMAND'])).toBe(
      'of the variable',
    );
    expect(await givenPassphrase({env})).toBeUndefined();
    await expect(seen(join(folder, 'missing'))).rejects.toThrow(
      /missing \(--passphrase-file\) cannot be read: no such file or folder/,
    );
    await expect(
      givenPassphrase({env: {...all, HOLDFAST_PASSPHRASE_FILE: join(folder, 'missing')}}),
    ).rejects.toThrow('no such file or folder');
    await expect(givenPassphrase({env: {...all, HOLDFAST_PASSPHRASE_FILE: ''}})).rejects.toThrow(
      'names no file',
    );
  });

  test.each([
    ['an empty file', () => ({HOLDFAST_PASSPHRASE_FILE: file('\n')}), 'is empty'],
    ['a folder', () => ({HOLDFAST_PASSPHRASE_FILE: folder}), 'it is a folder'],
    ['two lines', () => ({HOLDFAST_PASSPHRASE_FILE: file('a\nb\n')}), 'holds more than one line'],
    [
      'what is not UTF-8',
      () => ({HOLDFAST_PASSPHRASE_FILE: file(Buffer.from([0xff, 0x41]))}),
      'is not UTF-8 text',
    ],
    ['a big file', () => ({HOLDFAST_PASSPHRASE_FILE: file('x'.repeat(70_000))}), 'is too long'],
    ['an empty variable', () => ({HOLDFAST_PASSPHRASE: ''}), 'HOLDFAST_PASSPHRASE is empty'],
    ['an empty command', () => ({HOLDFAST_PASSPHRASE_COMMAND: ' '}), 'HOLDFAST_PASSPHRASE_COMMAND is empty'],
    ['a command that prints nothing', () => ({HOLDFAST_PASSPHRASE_COMMAND: 'true'}), 'is empty'],
    [
      'a command that is not there',
      () => ({HOLDFAST_PASSPHRASE_COMMAND: 'no-such-program x'}),
      '("no-such-program" …) failed: the program is not there',
    ],
    [
      'a command that fails',
      () => ({HOLDFAST_PASSPHRASE_COMMAND: `sh -c 'echo hunter2; exit 3'`}),
      '("sh" …) failed: exit code 3',
    ],
    [
      'a command that is killed',
      () => ({HOLDFAST_PASSPHRASE_COMMAND: `sh -c 'kill -9 $$'`}),
      'failed: SIGKILL',
    ],
    [
      'a command for a shell',
      () => ({HOLDFAST_PASSPHRASE_COMMAND: 'pass hunter2 | head -1'}),
      'only a shell understands',
    ],
    ['an endless command', () => ({HOLDFAST_PASSPHRASE_COMMAND: 'yes hunter2'}), '("yes" …) failed'],
  ])('is an error from %s', async (_, extra, words) => {
    const error = await givenPassphrase({env: {...env, ...extra()}}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PassphraseError);
    expect(error).toMatchObject({
      exitCode: 12,
      message: expect.stringContaining(words),
      hint: expect.stringMatching(/^[A-Z].*[.]$/),
    });
    expect(`${error}${(error as Error).stack}`).not.toContain('hunter2'); // J1
  });

  test.each([0o644, 0o640, 0o604, 0o622])('is refused from a file of mode %o', async (mode) => {
    const path = file('test', mode); // J6
    await expect(givenPassphrase({flagFile: path, env})).rejects.toMatchObject({
      exitCode: 12,
      hint: `Run "chmod 600 ${path}".`,
    });
  });

  test('may come through a pipe, as in <(pass show x)', () => {
    const program = `import {givenPassphrase} from ${JSON.stringify(join(import.meta.dirname, '../../src/cli/passphrase.ts'))};
      console.log((await givenPassphrase({flagFile: process.argv[2], env: {}})).reveal());`;
    const path = file(program);
    const printed = execFileSync('bash', [
      '-c',
      `'${process.execPath}' --input-type=module-typescript - <(echo test) < '${path}'`,
    ]);
    expect(printed.toString()).toBe('test\n');
  });

  test('its command does not see the passphrase variable', async () => {
    const command = `sh -c 'printf "%s" "\${HOLDFAST_PASSPHRASE-none}"'`;
    expect(
      (
        await givenPassphrase({env: {...env, HOLDFAST_PASSPHRASE: 'x', HOLDFAST_PASSPHRASE_COMMAND: command}})
      )?.reveal(),
    ).toBe('none');
  });
});

describe('opening a key', () => {
  test('asks nothing when it has no passphrase', async () => {
    await expect(openPrivateKey(await locked('sequoia-v6-plain'), {env})).resolves.toBeDefined();
  });

  test('asks three times at most', async () => {
    const key = await locked('gnupg-curve25519');
    const third = prompting('wrong', '', 'test');
    await expect(openPrivateKey(key, {env, prompt: third.prompt})).resolves.toBeDefined();
    expect(third.questions).toEqual([
      'Passphrase for gnupg-curve25519.asc: ',
      'The passphrase does not open gnupg-curve25519.asc. Again: ',
      'The passphrase is empty. Again: ',
    ]);
    const never = prompting('a', 'b', 'c', 'test');
    await expect(openPrivateKey(key, {env, prompt: never.prompt})).rejects.toThrow(PassphraseError);
    expect(never.questions).toHaveLength(3);
  });

  test('does not ask when a wrong one was given, and says how to give one when nobody can be asked', async () => {
    const key = await locked('gnupg-curve25519');
    const {prompt, questions} = prompting('test');
    await expect(openPrivateKey(key, {env: {HOLDFAST_PASSPHRASE: 'wrong'}, prompt})).rejects.toThrow(
      PassphraseError,
    );
    expect(questions).toEqual([]);
    await expect(openPrivateKey(key, {env})).rejects.toMatchObject({
      exitCode: 12,
      hint: expect.stringContaining('HOLDFAST_PASSPHRASE_COMMAND'),
    });
  });
});

describe('a new passphrase', () => {
  test('is typed twice', async () => {
    const {prompt, questions} = prompting('', 'one', 'two', 'three', 'three');
    expect((await newPassphrase({env, prompt})).reveal()).toBe('three');
    expect(questions[1]).toBe('It must not be empty. New passphrase: ');
    expect(questions[3]).toBe('They differ. New passphrase: ');
    await expect(
      newPassphrase({env, prompt: prompting('a', 'b', 'a', 'b', 'a', 'b').prompt}),
    ).rejects.toThrow(PassphraseError);
    await expect(newPassphrase({env})).rejects.toThrow(PassphraseError);
    expect((await newPassphrase({env: {HOLDFAST_PASSPHRASE: 'x'}})).reveal()).toBe('x');
  });
});

class FakeTerminal extends EventEmitter {
  isTTY = true;
  isRaw = false;
  setRawMode(raw: boolean): this {
    this.isRaw = raw;
    return this;
  }
  pause(): this {
    return this;
  }
  resume(): this {
    return this;
  }
  unshift(bytes: Buffer): void {
    this.left = bytes.toString();
  }
  left = '';
}

describe('the prompt', () => {
  const output = {isTTY: true, write: () => true};

  test.each([
    ['hello\r', 'hello', ''],
    ['hellp\u007fo\n', 'hello', ''],
    ['x\u0015hello\r\nmore\n', 'hello', 'more\n'],
    ['h\u001b[Ae\u001bOBllo\r', 'hello', ''],
    ['päß🔑x\u007f\r', 'päß🔑', ''],
    ['\r', '', ''],
  ])('takes %j', async (typed, expected, left) => {
    const input = new FakeTerminal();
    const asked = hiddenPrompt(input as never, output)?.('? ');
    expect(input.isRaw).toBe(true);
    for (const byte of Buffer.from(typed).subarray(0, -1))
      if (left === '') input.emit('data', Buffer.from([byte]));
    input.emit('data', left === '' ? Buffer.from(typed).subarray(-1) : Buffer.from(typed));
    await expect(asked?.then((secret) => secret.reveal())).resolves.toBe(expected);
    expect(input).toMatchObject({isRaw: false, left});
    expect(input.listenerCount('data')).toBe(0);
  });

  test('ends with its signal, and with Ctrl-D', async () => {
    const input = new FakeTerminal();
    const controller = new AbortController();
    const asked = hiddenPrompt(input as never, output)?.('? ', {signal: controller.signal});
    controller.abort(new Error('stop'));
    await expect(asked).rejects.toThrow('stop');
    expect(input.isRaw).toBe(false);
    const again = hiddenPrompt(input as never, output)?.('? ');
    input.emit('data', Buffer.from('\u0004'));
    await expect(again).rejects.toThrow(PassphraseError);
  });

  test('is not there without a terminal', () => {
    expect(hiddenPrompt({isTTY: false}, output)).toBeUndefined();
    expect(hiddenPrompt(new FakeTerminal() as never, {write: () => true})).toBeUndefined();
  });

  test('on a real terminal shows the question and nothing of the answer, and Ctrl-C ends the program', () => {
    const module = JSON.stringify(join(import.meta.dirname, '../../src/cli/hidden-prompt.ts'));
    const program = file(`import {hiddenPrompt} from ${module};
      const ask = hiddenPrompt(process.stdin, process.stderr);
      const first = await ask('First: ');
      const second = await ask('Second: ');
      console.log(first.reveal() === 'hunter2' && second.reveal() === 'hunter3' ? 'both right' : 'wrong');`);
    const path = `${program}.ts`;
    writeFileSync(path, readFileSync(program));
    const typing = (keystrokes: string): string => {
      const typist = `(sleep 1; printf '${keystrokes}'; sleep 1) | script -qec "'${process.execPath}' '${path}'" /dev/null; true`;
      return execFileSync('bash', ['-c', typist]).toString();
    };
    const shown = typing(String.raw`hunter2\rhunter3\r`);
    expect(shown).toContain('First: ');
    expect(shown).toContain('both right');
    expect(shown).not.toContain('hunter');
    expect(typing(String.raw`hunt\003`)).not.toMatch(/right|wrong|hunt/);
  });
});
