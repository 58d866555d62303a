/** What doctor looks at of keys on this machine. */
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Config} from '../config/config.ts';
import {GnupgKey} from '../crypto/gnupg.ts';
import {KeyError} from '../errors.ts';
import type {CliContext} from './context.ts';
import type {Answer} from './doctor-question.ts';
import {counted} from './output.ts';
import {readRecipients} from './recipients.ts';

const DAY_MS = 86_400_000;
const EXPIRY_DAYS = 60;
/** That a key expires soon is a check of its own. */
const TOLD_ELSEWHERE = {warn: () => {}};

/** Who can restore. @throws KeyError if one of them cannot */
export async function recipients({recipients: files, file}: Config): Promise<Answer> {
  if (files.length === 0)
    return {detail: 'None is named.', hint: `Name who can restore as "recipients" in ${file}.`};
  const found = await readRecipients(files, new Date(), TOLD_ELSEWHERE);
  return {detail: `${counted(found.length, 'key')} can restore.`};
}

/** Until when: from then on, no backup is made. */
export async function recipientsLast({recipients: files}: Config): Promise<Answer> {
  const found = await readRecipients(files, new Date(), TOLD_ELSEWHERE);
  const [first] = found.flatMap(({expires}) => expires ?? []).sort((a, b) => a.getTime() - b.getTime());
  if (first === undefined) return {detail: 'None expires.'};
  const detail = `The first expires on ${first.toISOString().slice(0, 10)}.`;
  if (first.getTime() - Date.now() > EXPIRY_DAYS * DAY_MS) return {detail};
  return {
    detail,
    hint: 'From then on no backup is made: extend it where its private half is, or name another.',
  };
}

const KEYS_MOST_BYTES = 256 * 1024;
const FILES_MOST = 500;
const TOLD_MOST = 5;

/** Looks where keys are kept: beside the config and the recipients, in the home folder, and in GnuPG's keyring. */
export async function noPrivateKey(
  {file, recipients: files, agent}: Config,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Answer> {
  const hint = 'Move it to a machine that makes no backups, and remove it here.';
  if (env['HOLDFAST_KEY']) return {detail: 'HOLDFAST_KEY names one.', hint: 'Unset it.'};
  const found: string[] = [];
  for (const folder of new Set([
    ...[file, ...files].map((path) => dirname(path)),
    ...(env['HOME'] ? [env['HOME']] : []),
  ])) {
    if (!existsSync(folder)) continue; // Which is told of the recipients.
    for (const name of readdirSync(folder).slice(0, FILES_MOST)) {
      const path = join(folder, name);
      if (path !== agent && isPrivateKey(path)) found.push(path);
    }
  }
  const [first, ...others] = found;
  if (first !== undefined) {
    if (others.length === 0) return {detail: `${first} is a private key.`, hint};
    return {
      detail: `These are private keys: ${found.slice(0, TOLD_MOST).join(', ')}${found.length > TOLD_MOST ? ', …' : ''}.`,
      hint: 'Move them to a machine that makes no backups, and remove them here.',
    };
  }
  const inKeyring = await keyInKeyring(files, env);
  if (inKeyring !== undefined)
    return {
      detail: `GnuPG's keyring here has the private key of ${inKeyring}, or knows its smart card.`,
      hint,
    };
  return {
    detail: "None beside the configuration and the recipients, in the home folder or in GnuPG's keyring.",
  };
}

/** The file of a recipient whose private half GnuPG has here. */
async function keyInKeyring(
  files: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const home = env['GNUPGHOME'] || (env['HOME'] && join(env['HOME'], '.gnupg'));
  // Without it there is nothing in it; and gpg would make one.
  if (!home || !existsSync(join(home, 'private-keys-v1.d'))) return undefined;
  for (const [n, {fingerprint}] of (await readRecipients(files, new Date(), TOLD_ELSEWHERE)).entries()) {
    if (fingerprint.length !== 40) continue; // GnuPG holds no keys of version 6.
    try {
      await GnupgKey.find(fingerprint, {env, signal: AbortSignal.timeout(GPG_MS)});
      return files[n];
    } catch (error) {
      if (!(error instanceof KeyError)) throw error; // It says that the key is not there, or no gpg.
    }
  }
  return undefined;
}

const GPG_MS = 20_000;

function isPrivateKey(path: string): boolean {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > KEYS_MOST_BYTES) return false;
    const text = readFileSync(path, 'latin1');
    // The agent's key may lie elsewhere than the config says; it opens no backups, and has its own name.
    return text.includes('BEGIN PGP PRIVATE KEY BLOCK') && !path.endsWith('agent.private.asc');
  } catch {
    return false; // What cannot be read here is of no use to a thief of this user either.
  }
}

export async function agentKey(context: CliContext): Promise<Answer> {
  const {fingerprint} = await context.agent();
  const mode = statSync(context.agentFile).mode & 0o777;
  if ((mode & 0o077) !== 0)
    return {detail: `Others may read ${context.agentFile}.`, hint: `Run "chmod 600 ${context.agentFile}".`};
  const isEnrolled = context.agents.some((key) => key.getFingerprint() === fingerprint);
  return isEnrolled
    ? {detail: `This machine signs as ${fingerprint}, and the repository knows it.`}
    : {
        detail: `The repository does not know this machine's key ${fingerprint}.`,
        hint: 'Run "holdfast init" again.',
      };
}
