/** A config that is not valid any more keeps its runs from beginning: whoever it tells of failures hears of that, too. */
import {findConfig} from '../config/file.ts';
import {InvalidConfigError} from '../config/problems.ts';
import type {Environment} from '../config/substitute.ts';
import {HoldfastError} from '../errors.ts';
import type {Notifier} from './notifier.ts';
import type {Output} from './output.ts';

/** Undefined unless the config is what is wrong, and its `notify` section can be used all the same. */
export async function notifierOfInvalid(
  error: unknown,
  {flag, env, output}: {flag: string | undefined; env: Environment; output: Output},
): Promise<Notifier | undefined> {
  if (!(error instanceof InvalidConfigError)) return undefined;
  try {
    const path = await findConfig({flag, env, cwd: process.cwd()});
    if (path === undefined) return undefined;
    const {loadNotifyAlone} = await import('../config/notify-alone.ts'); // As the schema: only where there is a config.
    const part = await loadNotifyAlone({path, env});
    if (part === undefined) {
      output.note(`Nobody was told: "notify" in ${path} cannot be used as it is.`);
      return undefined;
    }
    const {Notifier} = await import('./notifier.ts');
    return new Notifier(part, {env, output});
  } catch (failure) {
    if (!(failure instanceof HoldfastError)) throw failure;
    output.warn(`Nobody was told: ${failure.message}`, failure.hint);
    return undefined;
  }
}
