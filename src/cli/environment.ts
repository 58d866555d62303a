import type {Environment} from '../config/substitute.ts';
import {UsageError} from '../errors.ts';

/** An empty HOLDFAST_PASSPHRASE or HOLDFAST_PASSPHRASE_COMMAND is judged where a passphrase is needed: passphrase.ts. */
const NEVER_EMPTY = [
  'HOLDFAST_CONFIG',
  'HOLDFAST_REPOSITORY',
  'HOLDFAST_KEY',
  'HOLDFAST_PASSPHRASE_FILE',
  'HOLDFAST_RETRY_FOR',
  'HOLDFAST_LOG_FORMAT',
] as const;

/**
 * An unset shell variable makes an empty one of ours (`HOLDFAST_REPOSITORY=$REPO`): that must not mean "some other
 * repository".
 * @throws {@link UsageError} if a variable is there, but empty
 */
export function assertNoEmptyVariable(env: Environment): void {
  for (const name of NEVER_EMPTY) {
    if (env[name]?.trim() === '')
      throw new UsageError(`${name} is set, but empty.`, {hint: `Give it a value, or "unset ${name}".`});
  }
}
