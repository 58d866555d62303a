import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/base-command.ts';
import {baseFlagsWithout, durationFlag} from '../cli/flags.ts';
import {hiddenPrompt} from '../cli/hidden-prompt.ts';
import {givenPassphrase, newPassphrase} from '../cli/passphrase.ts';
import {displayName} from '../cli/terminal.ts';
import {generateRecipientKey} from '../crypto/keygen.ts';
import {newSharedPassphrase, SHARES_MOST, splitPassphrase} from '../crypto/shares.ts';
import {UsageError} from '../errors.ts';
import {writePrivateFile} from '../operations/init.ts';
import {makeFolders} from '../system/folders.ts';
import type {Secret} from '../system/secret.ts';

interface KeygenResult {
  readonly fingerprint: string;
  /** Paths. */
  readonly publicKey: string;
  readonly privateKey: string;
  readonly revocation: string;
  readonly shares: readonly string[];
}

const TAKEN = new Intl.ListFormat('en', {type: 'conjunction'});

export default class Keygen extends BaseCommand {
  static override baseFlags = baseFlagsWithout('config', 'repository');
  static override summary =
    'Make the key pair of somebody who can restore. Run it on a client machine, never on the VM.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ops --output ~/holdfast-keys',
    '<%= config.bin %> <%= command.id %> ops --compat gpg --expires 2y',
    '<%= config.bin %> <%= command.id %> ops --shares 5 --threshold 3',
  ];
  static override args = {
    name: Args.string({required: true, description: 'whose key it is; also the beginning of the file names'}),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      helpValue: 'DIR',
      default: '.',
      description: 'where to write the files',
    }),
    compat: Flags.option({
      options: ['gpg'] as const,
      description: 'a version 4 key that GnuPG 2.2 can use, too',
    })(),
    expires: durationFlag({
      description: 'when the key ceases to be a recipient, such as 2y; it still restores',
    }),
    'passphrase-file': Flags.string({
      helpValue: 'FILE',
      env: 'HOLDFAST_PASSPHRASE_FILE',
      description: 'file with the passphrase for the new private key',
      exclusive: ['no-passphrase'],
    }),
    'no-passphrase': Flags.boolean({description: 'leave the private key unprotected'}),
    shares: Flags.integer({
      helpValue: 'N',
      min: 2,
      max: SHARES_MOST,
      dependsOn: ['threshold'],
      exclusive: ['no-passphrase'],
      description: 'instead of a passphrase, make so many shares for people or places',
    }),
    threshold: Flags.integer({
      helpValue: 'K',
      min: 2,
      max: SHARES_MOST,
      dependsOn: ['shares'],
      description: 'how many of the shares it takes to open the private key',
    }),
  };

  async run(): Promise<KeygenResult> {
    const {args, flags} = await this.parse(Keygen);
    const {name} = args;
    if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/.test(name)) {
      throw new UsageError(`"${name}" cannot be the name of a key.`, {
        hint: 'Use letters, digits, and . _ @ - only, such as ops or anna@example.org.',
      });
    }
    const folder = resolve(flags.output);
    const {shares: total, threshold} = flags;
    const shareFiles = Array.from({length: total ?? 0}, (_, at) =>
      join(folder, `${name}.share-${at + 1}-of-${total}.txt`),
    );
    const files = {
      publicKey: join(folder, `${name}.public.asc`),
      privateKey: join(folder, `${name}.private.asc`),
      revocation: join(folder, `${name}.revocation.asc`),
    };
    const taken = [...Object.values(files), ...shareFiles].filter((file) => existsSync(file));
    if (taken.length > 0) {
      throw new UsageError(
        `${TAKEN.format(taken)} ${taken.length === 1 ? 'exists' : 'exist'} already; keys are never overwritten.`,
        {hint: 'Choose another name or another --output folder.'},
      );
    }
    if (flags['no-passphrase'])
      this.warn('the private key will have no passphrase: whoever copies the file can read every backup.');
    const passphrase = await this.#passphrase(flags);
    const key = await generateRecipientKey({
      name,
      now: new Date(),
      ...(flags.compat && {compat: flags.compat}),
      ...(flags.expires !== undefined && {expiresSeconds: Math.round(flags.expires / 1000)}),
      ...(passphrase && {passphrase}),
    });
    const shares =
      total === undefined || threshold === undefined || passphrase === undefined
        ? []
        : await splitPassphrase(passphrase, {key: key.fingerprint, total, threshold});
    makeFolders(folder, 0o700);
    for (const [at, share] of shares.entries()) writePrivateFile(shareFiles[at] as string, share);
    for (const part of ['privateKey', 'revocation', 'publicKey'] as const)
      writePrivateFile(files[part], key[part]);
    this.log(`Made key ${key.fingerprint}`);
    this.log('');
    this.log(displayName(files.publicKey));
    this.log(`  Copy this to each VM:  holdfast init REPOSITORY --recipient ${name}.public.asc`);
    this.log(displayName(files.privateKey));
    this.log('  Keep this here, and a copy offline; without it nothing can be restored.');
    this.log('  It must never be on a VM.');
    for (const file of shareFiles) this.log(displayName(file));
    if (total !== undefined) {
      this.log(
        `  Give these to ${total} people or places. Any ${threshold} of them open the private key, fewer do not;`,
      );
      this.log('  it has no other passphrase. Then delete the files here.');
    }
    this.log(displayName(files.revocation));
    this.log('  Keep this apart: it declares the key invalid if it is lost or stolen.');
    return {fingerprint: key.fingerprint, ...files, shares: shareFiles};
  }

  async #passphrase(flags: {
    'no-passphrase': boolean;
    'passphrase-file'?: string | undefined;
    shares?: number | undefined;
    threshold?: number | undefined;
  }): Promise<Secret | undefined> {
    const given = {flagFile: flags['passphrase-file'], env: process.env, signal: this.signal};
    if (flags['no-passphrase']) return undefined;
    if (flags.shares === undefined)
      return newPassphrase({...given, prompt: hiddenPrompt(process.stdin, process.stderr)});
    if ((flags.threshold ?? 0) > flags.shares)
      throw new UsageError(`Of ${flags.shares} shares, ${flags.threshold} can never come together.`, {
        hint: 'Choose a --threshold that is not above --shares.',
      });
    if ((await givenPassphrase(given)) !== undefined)
      throw new UsageError(
        'With --shares the key takes no passphrase of yours: the shares are instead of one.',
        {
          hint: 'Leave out --passphrase-file, and unset the HOLDFAST_PASSPHRASE variables.',
        },
      );
    return newSharedPassphrase();
  }
}
