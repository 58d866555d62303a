import {Args} from '@oclif/core';
import {setPin} from '../operations/pin.ts';
import type {ContextFlags} from './chosen-config.ts';
import {RepositoryCommand} from './repository-command.ts';

export interface PinJson {
  readonly snapshot: string;
  readonly pinned: boolean;
  /** False if it was so before. */
  readonly changed: boolean;
}

export const pinArgs = {
  snapshot: Args.string({
    required: true,
    description: 'an id or its beginning, latest, latest:SOURCE, or SOURCE@TIME',
  }),
};

/** `pin` and `unpin` differ in one word. */
export abstract class PinCommand extends RepositoryCommand {
  protected async setPin(flags: ContextFlags, reference: string, pinned: boolean): Promise<PinJson> {
    await using context = await this.open(flags);
    const {seal, source} = this.select(await context.history(), reference);
    const changed = await setPin(
      {
        repository: context.repository,
        trust: context.trust,
        operator: () => context.operator(),
        now: () => new Date(),
      },
      source,
      seal,
      pinned,
    );
    const {id} = seal.snapshot;
    const state = pinned ? 'pinned' : 'not pinned';
    this.log(
      changed ? `Snapshot ${id} of ${seal.source} is ${state} now.` : `Snapshot ${id} was ${state} before.`,
    );
    return {snapshot: id, pinned, changed};
  }
}
