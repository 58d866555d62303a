import {PinCommand, type PinJson, pinArgs} from '../cli/pin-command.ts';

export default class Pin extends PinCommand {
  static override summary = 'Keep a snapshot regardless of the retention. Needs no key.';
  static override examples = ['<%= config.bin %> <%= command.id %> latest:app'];
  static override args = pinArgs;

  async run(): Promise<PinJson> {
    const {args, flags} = await this.parse(Pin);
    return await this.setPin(flags, args.snapshot, true);
  }
}
