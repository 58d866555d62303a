/** The private key that `--key` names, opened: a file with its passphrase or shares, or a key that GnuPG keeps. */
import {readlinkSync} from 'node:fs';
import {resolve} from 'node:path';
import {GnupgKey} from '../crypto/gnupg.ts';
import {readPrivateKey, unlockPrivateKey} from '../crypto/keys.ts';
import type {RecipientKey} from '../crypto/recipient-key.ts';
import {combineShares, readShare, type Share} from '../crypto/shares.ts';
import {KeyError, PassphraseError, UsageError} from '../errors.ts';
import {hiddenPrompt} from './hidden-prompt.ts';
import {readKeyFile} from './key-file.ts';
import {givenPassphrase, openPrivateKey} from './passphrase.ts';

export interface KeyFlags {
  readonly key?: string | undefined;
  readonly share?: readonly string[] | undefined;
  readonly 'passphrase-file'?: string | undefined;
}

export interface KeyPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** What gpg, its agent and the program that asks for a PIN need of our environment: no credentials of ours. */
const FOR_GNUPG =
  /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|TERM|LANG|LC_\w+|TZ|GNUPGHOME|GPG_\w+|PINENTRY_\w+|DISPLAY|XAUTHORITY|WAYLAND_DISPLAY|XDG_\w+|DBUS_SESSION_BUS_ADDRESS)$/;

/**
 * Begins to open the key that is named while other things are done, where nobody has to be asked: to derive a key from its passphrase takes
 * half a second of another core. What goes wrong is told to whoever awaits it.
 * @returns undefined if there is nothing to begin with
 */
export function beginToOpenKey(
  flags: KeyFlags,
  place: KeyPlace,
): Promise<RecipientKey | undefined> | undefined {
  const {env} = place;
  const isGiven = [
    flags['passphrase-file'],
    env['HOLDFAST_PASSPHRASE_FILE'],
    env['HOLDFAST_PASSPHRASE'],
  ].some((given) => given !== undefined);
  if (flags.key === undefined || /^gpg:/i.test(flags.key) || !isGiven) return undefined;
  const key = openNamedKey(flags, place);
  key.catch(() => {}); // Another error may come first, and then nobody awaits it.
  return key;
}

/**
 * @returns undefined if no key is named
 * @throws {@link KeyError}, {@link PassphraseError}, {@link UsageError}
 */
export async function openNamedKey(flags: KeyFlags, place: KeyPlace): Promise<RecipientKey | undefined> {
  const {key, share = [], 'passphrase-file': flagFile} = flags;
  const {env, cwd, signal} = place;
  if (key === undefined) {
    if (share.length === 0) return undefined;
    throw new UsageError('Shares open a private key, and none is named.', {
      hint: 'Name its file, too, with --key FILE.',
    });
  }
  const passphrase = {flagFile, env, signal};
  if (/^gpg:/i.test(key)) {
    if (share.length > 0)
      throw new UsageError('--share belongs to a key in a file, not to one that GnuPG keeps.', {
        hint: 'Leave out --share, or name the file with --key FILE.',
      });
    return GnupgKey.find(key.slice(4), {
      env: forGnupg(env),
      passphrase: await givenPassphrase(passphrase),
      signal,
    });
  }
  const path = resolve(cwd, key);
  const locked = await readPrivateKey(readKeyFile(path, true), path);
  if (share.length === 0)
    return openPrivateKey(locked, {...passphrase, prompt: hiddenPrompt(process.stdin, process.stderr)});
  if (flagFile !== undefined)
    throw new UsageError('--share and --passphrase-file both open the private key.', {
      hint: 'Give one of them.',
    });
  const combined = await combineShares(
    share.map((file) => shareIn(resolve(cwd, file))),
    locked.fingerprint,
  );
  try {
    return await unlockPrivateKey(locked, combined);
  } catch (cause) {
    if (!(cause instanceof PassphraseError)) throw cause;
    throw new KeyError(`These shares do not open ${path}: they were not made together, or not for it.`, {
      cause,
      hint: 'Give shares that were made together, by the "holdfast keygen" that made the key.',
    });
  }
}

function shareIn(path: string): Share {
  return readShare(readKeyFile(path, true).toString('utf8'), path);
}

/** gpg's agent must know on which terminal to ask; our pipe to gpg is none. */
function forGnupg(env: KeyPlace['env']): Record<string, string | undefined> {
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => FOR_GNUPG.test(name)));
  const terminal =
    process.stdin.isTTY && process.platform === 'linux' ? readlinkSync('/proc/self/fd/0') : undefined;
  return {GPG_TTY: terminal, ...rest};
}
