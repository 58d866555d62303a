import {Args} from '@oclif/core';
import {BaseCommand} from '../../cli/base-command.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {readKeyFile} from '../../cli/key-file.ts';
import {inspectKey, type KeyFacts} from '../../crypto/keys.ts';

export default class KeysInspect extends BaseCommand {
  static override baseFlags = baseFlagsWithout('config', 'repository');
  static override summary = 'Show what a key is, and whether it can be a recipient.';
  static override examples = ['<%= config.bin %> <%= command.id %> ops.public.asc'];
  static override args = {file: Args.string({required: true, description: 'a file with an OpenPGP key'})};

  async run(): Promise<KeyFacts> {
    const {args} = await this.parse(KeysInspect);
    const facts = await inspectKey(readKeyFile(args.file, false), new Date(), args.file);
    this.log(`fingerprint  ${facts.fingerprint}`);
    this.log(
      `key          version ${facts.version}, ${facts.algorithm}, ${facts.private ? `private${facts.passphrase ? ', with a passphrase' : ', WITHOUT a passphrase'}` : 'public'}`,
    );
    for (const userId of facts.userIds) this.log(`name         ${userId}`);
    for (const id of facts.encryptsAs) this.log(`encrypts as  ${id}`);
    this.log(`created      ${facts.created}`);
    this.log(`expires      ${facts.expires ?? 'never'}`);
    this.log(`recipient    ${facts.usable ? 'yes, backups can be encrypted to it' : `no: ${facts.reason}`}`);
    return facts;
  }
}
