import {existsSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/base-command.ts';
import {durationFlag} from '../cli/flags.ts';
import {hiddenPrompt} from '../cli/hidden-prompt.ts';
import {newPassphrase} from '../cli/passphrase.ts';
import {displayName} from '../cli/terminal.ts';
import {generateRecipientKey} from '../crypto/keygen.ts';
import {UsageError} from '../errors.ts';
import {writePrivateFile} from '../operations/init.ts';

interface KeygenResult {
  readonly fingerprint: string;
  /** Paths. */
  readonly publicKey: string;
  readonly privateKey: string;
  readonly revocation: string;
  readonly shares: readonly string[];
}

export default class Keygen extends BaseCommand {
  static override summary =
    'Make the key pair of somebody who can restore. Run it on a client machine, never on the VM.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ops --output ~/holdfast-keys',
    '<%= config.bin %> <%= command.id %> ops --compat gpg --expires 2y',
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
    const files = {
      publicKey: join(folder, `${name}.public.asc`),
      privateKey: join(folder, `${name}.private.asc`),
      revocation: join(folder, `${name}.revocation.asc`),
    };
    const taken = Object.values(files).filter((file) => existsSync(file));
    if (taken.length > 0) {
      throw new UsageError(
        `${taken.join(' and ')} exist${taken.length === 1 ? 's' : ''} already; keys are never overwritten.`,
        {hint: 'Choose another name or another --output folder.'},
      );
    }
    if (flags['no-passphrase'])
      this.warn('the private key will have no passphrase: whoever copies the file can read every backup.');
    const passphrase = flags['no-passphrase']
      ? undefined
      : await newPassphrase({
          flagFile: flags['passphrase-file'],
          env: process.env,
          prompt: hiddenPrompt(process.stdin, process.stderr),
          signal: this.signal,
        });
    const key = await generateRecipientKey({
      name,
      now: new Date(),
      ...(flags.compat && {compat: flags.compat}),
      ...(flags.expires !== undefined && {expiresSeconds: Math.round(flags.expires / 1000)}),
      ...(passphrase && {passphrase}),
    });
    await mkdir(folder, {recursive: true, mode: 0o700});
    for (const part of ['privateKey', 'revocation', 'publicKey'] as const)
      writePrivateFile(files[part], key[part]);
    this.log(`Made key ${key.fingerprint}`);
    this.log('');
    this.log(displayName(files.publicKey));
    this.log(`  Copy this to each VM:  holdfast init REPOSITORY --recipient ${name}.public.asc`);
    this.log(displayName(files.privateKey));
    this.log('  Keep this here, and a copy offline; without it nothing can be restored.');
    this.log('  It must never be on a VM.');
    this.log(displayName(files.revocation));
    this.log('  Keep this apart: it declares the key invalid if it is lost or stolen.');
    return {fingerprint: key.fingerprint, ...files, shares: []};
  }
}
