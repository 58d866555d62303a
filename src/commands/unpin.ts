import {PinCommand, type PinJson, pinArgs} from '../cli/pin-command.ts';

export default class Unpin extends PinCommand {
  static override summary = 'Leave a pinned snapshot to the retention again. Needs no key.';
  static override examples = ['<%= config.bin %> <%= command.id %> 1a2b3c4d5e6f7a8b'];
  static override args = pinArgs;

  async run(): Promise<PinJson> {
    const {args, flags} = await this.parse(Unpin);
    return await this.setPin(flags, args.snapshot, false);
  }
}
