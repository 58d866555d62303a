import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Command} from '../manifest.ts';
import {type Release, ROOT} from '../release.ts';
import {pageName} from './command-pages.ts';
import {bold, italic, item, page, prose, section, verbatim} from './roff.ts';

const PURPOSE = `Holdfast backs up folders and databases of a machine that cannot read its own history: the machine holds public keys only.
The private key stays with you, elsewhere. What is stored is OpenPGP, tar, zstd and JSON, so the files come back without Holdfast, too.`;

const PASSPHRASE = {
  HOLDFAST_PASSPHRASE: 'The passphrase of the private key, or of the key that `keygen` makes.',
  HOLDFAST_PASSPHRASE_COMMAND: 'A command that prints it.',
};
const NETWORK = {
  HOLDFAST_RETRY_FOR: 'How long a request is tried that fails for the time being, such as `30m`.',
  XDG_STATE_HOME: 'Where the state folder is, instead of the places below.',
};

const FILES = {
  '/etc/holdfast/holdfast.yaml':
    'The configuration, unless `--config` or HOLDFAST_CONFIG names one, or there is one in the working folder or in ~/.config/holdfast.',
  '/var/lib/holdfast':
    "The state folder of root: this machine's own key, the catalog, and what it remembers of each repository. Other users have ~/.local/state/holdfast.",
};

/** `holdfast(1)`. */
export function mainPage(commands: readonly Command[], {date, version}: Release): string {
  return page({name: 'holdfast', section: 1, summary: 'encrypted, deduplicating backups', date, version}, [
    section(
      'SYNOPSIS',
      `${bold('holdfast')} ${italic('COMMAND')} [${italic('OPTION')}...] [${italic('ARGUMENT')}...]`,
    ),
    section('DESCRIPTION', prose(PURPOSE)),
    section(
      'COMMANDS',
      ...commands.map(({words, summary}) => item(`${bold(pageName(words))}(1)`, prose(summary))),
    ),
    section(
      'EXAMPLES',
      'On your own computer, make the key pair; its private half stays there:',
      verbatim('holdfast keygen ops'),
      '.PP\nOn the machine that is backed up, as root, with a copy of the public half:',
      verbatim(
        'cd /etc/holdfast\nholdfast init s3://backups/app01 --recipient ops.public.asc\nholdfast config check\nholdfast backup',
      ),
      '.PP\nOn any machine that has the private key:',
      verbatim('holdfast restore latest --repository s3://backups/app01 --key ops.private.asc --to restored'),
    ),
    section('EXIT STATUS', ...exitCodes().map(({code, meaning}) => item(bold(code), prose(meaning)))),
    section(
      'ENVIRONMENT',
      ...Object.entries({...ofFlags(commands), ...PASSPHRASE, ...NETWORK}).map(([name, text]) =>
        item(bold(name), prose(text)),
      ),
      '.PP\nThe programs of storage and databases have their own, such as AWS_PROFILE, OS_CLOUD and PGPASSFILE.',
    ),
    section('FILES', ...Object.entries(FILES).map(([name, text]) => item(bold(name), prose(text)))),
    section(
      'SEE ALSO',
      `${bold('holdfast.yaml')}(5), and the guides in /usr/share/doc/holdfast/docs: operations.md, emergency.md.`,
    ),
  ]);
}

/** The variables that stand in for options. */
function ofFlags(commands: readonly Command[]): Record<string, string> {
  const flags = commands.flatMap((command) => command.flags).filter(({env}) => env?.startsWith('HOLDFAST_'));
  return Object.fromEntries(flags.map(({env, name}) => [env, `Stands in for \`--${name}\`.`]));
}

/** The table of docs/errors.md. */
function exitCodes(): {code: string; meaning: string}[] {
  const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const [, table = ''] = /^## Exit codes\n([\s\S]*?)^## /m.exec(text) ?? [];
  return [...table.matchAll(/^\| (\d+) \| (.+?) \|/gm)].map(([, code = '', meaning = '']) => ({
    code,
    meaning,
  }));
}
