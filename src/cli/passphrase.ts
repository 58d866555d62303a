/** Where commands get passphrases from: never from an argument, which every user of the machine could read. */
import {open} from 'node:fs/promises';
import type * as openpgp from 'openpgp';
import {splitWords} from '../config/words.ts';
import {type LockedKey, unlockPrivateKey} from '../crypto/private-key.ts';
import {PassphraseError} from '../errors.ts';
import {howItEnded} from '../sources/stream/program.ts';
import {Secret} from '../system/secret.ts';
import {whyFailed} from '../system/system-error.ts';
import type {HiddenPrompt} from './hidden-prompt.ts';

export interface PassphraseOptions {
  /** The value of `--passphrase-file`. */
  readonly flagFile?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined where there is no terminal. */
  readonly prompt?: HiddenPrompt | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TRIES = 3;
const MAX_BYTES = 64 * 1024;
const WAYS =
  'Give it with --passphrase-file FILE, HOLDFAST_PASSPHRASE_FILE, HOLDFAST_PASSPHRASE_COMMAND or HOLDFAST_PASSPHRASE, or run this on a terminal.';

/**
 * Opens a private key: with no passphrase if it has none; else with the one that was given; else, on a terminal, with what
 * a person types, in three tries.
 * @throws {@link PassphraseError} if it is wrong, missing, or cannot be had from where it should be
 * @throws {@link KeyError} if the key is damaged
 */
export async function openPrivateKey(
  locked: LockedKey,
  options: PassphraseOptions,
): Promise<openpgp.PrivateKey> {
  if (!locked.needsPassphrase) return unlockPrivateKey(locked, undefined);
  const given = await givenPassphrase(options);
  if (given !== undefined) return unlockPrivateKey(locked, given);
  const {prompt, signal} = options;
  if (prompt === undefined) throw new PassphraseError(`${locked.label} needs its passphrase.`, {hint: WAYS});
  const ask = (text: string): Promise<Secret> => prompt(text, {signal});
  let question = `Passphrase for ${locked.label}: `;
  for (let left = TRIES; ; left--) {
    try {
      return await unlockPrivateKey(locked, checked(await ask(question), 'The passphrase'));
    } catch (error) {
      if (left <= 1 || !(error instanceof PassphraseError)) throw error;
      question = `${error.message} Again: `;
    }
  }
}

/**
 * The passphrase for a new key: the one that was given, or one that a person typed twice.
 * @throws {@link PassphraseError}
 */
export async function newPassphrase(options: PassphraseOptions): Promise<Secret> {
  const given = await givenPassphrase(options);
  if (given !== undefined) return given;
  const {prompt, signal} = options;
  if (prompt === undefined) throw new PassphraseError('A new private key needs a passphrase.', {hint: WAYS});
  const ask = (text: string): Promise<Secret> => prompt(text, {signal});
  let question = 'New passphrase: ';
  for (let left = TRIES; left > 0; left--) {
    const first = await ask(question);
    if (first.reveal() === '') {
      question = 'It must not be empty. New passphrase: ';
      continue;
    }
    if ((await ask('The same once more: ')).reveal() === first.reveal()) return first;
    question = 'They differ. New passphrase: ';
  }
  throw new PassphraseError('No passphrase was entered twice.', {
    hint: 'Try again, or give it with --passphrase-file FILE.',
  });
}

/**
 * The passphrase from where it was said to be, without asking anybody; undefined if nothing was said. The first of these
 * counts, and if it cannot be used, that is an error and the next is not tried: `--passphrase-file`,
 * HOLDFAST_PASSPHRASE_FILE, HOLDFAST_PASSPHRASE_COMMAND, HOLDFAST_PASSPHRASE.
 * @throws {@link PassphraseError}
 */
export async function givenPassphrase({
  flagFile,
  env,
  signal,
}: PassphraseOptions): Promise<Secret | undefined> {
  const file = env['HOLDFAST_PASSPHRASE_FILE'];
  // The option takes its value from the variable where nobody gives it.
  if (flagFile !== undefined && flagFile !== file) return fromFile(flagFile, '--passphrase-file');
  if (file !== undefined) return fromFile(file, 'HOLDFAST_PASSPHRASE_FILE');
  const command = env['HOLDFAST_PASSPHRASE_COMMAND'];
  if (command !== undefined) return fromCommand(command, env, signal);
  const value = env['HOLDFAST_PASSPHRASE'];
  return value === undefined ? undefined : checked(new Secret(value), 'HOLDFAST_PASSPHRASE');
}

async function fromFile(path: string, from: string): Promise<Secret> {
  if (path === '')
    throw new PassphraseError(`${from} names no file.`, {
      hint: 'Name the file that holds the passphrase, or leave it out.',
    });
  const what = `The passphrase file ${path} (${from})`;
  try {
    await using file = await open(path);
    const stats = await file.stat();
    if (stats.isFile() && /* not a pipe, as in <(pass …) */ (stats.mode & 0o077) !== 0) {
      throw new PassphraseError(`${what} can be read by other users.`, {hint: `Run "chmod 600 ${path}".`});
    }
    const bytes = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      ({bytesRead: read} = await file.read(bytes, length, bytes.length - length));
    }
    return decoded(bytes.subarray(0, length), what);
  } catch (cause) {
    if (cause instanceof PassphraseError) throw cause;
    throw new PassphraseError(`${what} cannot be read: ${whyFailed(cause)}.`, {
      hint: 'Name a file that holds nothing but the passphrase.',
      cause,
    });
  }
}

async function fromCommand(
  line: string,
  env: PassphraseOptions['env'],
  signal: AbortSignal | undefined,
): Promise<Secret> {
  const what = 'The command in HOLDFAST_PASSPHRASE_COMMAND';
  const hint =
    'Run the command by hand: it must print the passphrase, and nothing else, and end with exit code 0.';
  const [program, ...words] = argumentsOf(line, what);
  if (program === undefined)
    throw new PassphraseError('HOLDFAST_PASSPHRASE_COMMAND is empty.', {
      hint: 'Give a command, or unset it.',
    });
  const {HOLDFAST_PASSPHRASE: _, ...rest} = env;
  const {execa} = await import('execa'); // Loading it takes longer than many a command.
  const result = await execa(program, words, {
    env: Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    extendEnv: false,
    stdio: ['inherit', 'pipe', 'inherit'], // It may ask for a PIN, or explain itself.
    encoding: 'buffer',
    maxBuffer: MAX_BYTES,
    stripFinalNewline: false,
    reject: false,
    ...(signal === undefined ? {} : {cancelSignal: signal}),
  });
  signal?.throwIfAborted();
  if (result.failed) {
    // execa's own message would quote the whole command and its output.
    throw new PassphraseError(`${what} ("${program}" …) failed: ${howItEnded(result)}.`, {hint});
  }
  return decoded(result.stdout, `The output of the command in HOLDFAST_PASSPHRASE_COMMAND ("${program}" …)`);
}

function argumentsOf(line: string, what: string): string[] {
  if (line.trim() === '')
    throw new PassphraseError(`${what} is empty.`, {hint: 'Write a program and its arguments.'});
  try {
    return splitWords(line);
  } catch (cause) {
    throw new PassphraseError(`${what} cannot be run: it ${(cause as Error).message}.`, {
      hint: 'Write a program and its arguments.',
      cause,
    });
  }
}

function decoded(bytes: Uint8Array, what: string): Secret {
  if (bytes.length > MAX_BYTES)
    throw new PassphraseError(`${what} is too long for a passphrase.`, {hint: 'Give another one.'});
  try {
    const text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
    return checked(new Secret(text.replace(/\r?\n$/, '')), what);
  } catch (cause) {
    if (cause instanceof PassphraseError) throw cause;
    throw new PassphraseError(`${what} is not UTF-8 text.`, {hint: 'Store the passphrase as UTF-8.'});
  }
}

function checked(secret: Secret, what: string): Secret {
  if (secret.reveal() === '') throw new PassphraseError(`${what} is empty.`, {hint: 'Give a passphrase.'});
  // Nobody could type it, and gpg would take the first line alone.
  if (/[\r\n\0]/.test(secret.reveal()))
    throw new PassphraseError(`${what} holds more than one line.`, {
      hint: 'Leave one line, with the passphrase.',
    });
  return secret;
}
