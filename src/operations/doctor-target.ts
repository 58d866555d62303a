/** Tries whether a storage keeps what Holdfast counts on, and what the credentials permit. Cleans up after itself. */
import {randomBytes} from 'node:crypto';
import type {Target} from '../targets/target.ts';
import {TargetError} from '../targets/target.ts';
import {type Bench, PROBES, type Probe, RIGHTS, THOROUGH_PROBES} from './doctor-probes.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Whether Holdfast cannot do without it. */
  readonly required: boolean;
  readonly detail: string;
  /** What to do; where it is ok, what would be better still. */
  readonly hint: string | undefined;
}

export interface DoctorOptions {
  /** Also what takes minutes: pages of listings, large objects. */
  readonly thorough: boolean;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly onCheck?: ((check: Check) => void) | undefined;
}

export interface TargetExamination {
  readonly checks: readonly Check[];
  /** Below which name everything was tried. */
  readonly prefix: string;
  /** Objects that could not be removed again. */
  readonly left: number;
}

/** No source can have a name that begins so: whatever is left here is never taken for a backup. */
const SCRATCH = '_doctor';

/** @throws {@link TargetError} where not even a first object can be stored and read: then there is nothing to examine */
export async function examineTarget(target: Target, options: DoctorOptions): Promise<TargetExamination> {
  const {thorough, now, signal, onCheck} = options;
  const prefix = `${SCRATCH}/${now().toISOString().replace(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}/`;
  const checks: Check[] = [];
  let left = 0;
  try {
    await target.put(`${prefix}first`, Buffer.from('Written by "holdfast doctor". It can be removed.\n'), {
      signal,
    });
    const tell = (done: Check): void => {
      checks.push(done);
      onCheck?.(done);
    };
    const facts = (await target.describe?.(`${prefix}first`, {signal})) ?? [];
    const keepsOld = facts.some((fact) => fact.keepsOld);
    const bench: Bench = {target, prefix, now, signal, keepsOld, isFolder: target.label.startsWith('file:')};
    for (const {name, detail} of facts) tell({name, detail, ok: true, required: false, hint: undefined});
    for (const probe of [...PROBES, ...(thorough ? THOROUGH_PROBES : []), ...RIGHTS])
      tell(await check(probe, bench));
  } finally {
    left = await cleanUp(target, prefix);
  }
  return {checks, prefix, left};
}

async function check({name, required, run}: Probe, bench: Bench): Promise<Check> {
  try {
    const {ok, detail, hint} = await run(bench);
    return {name, required, ok, detail, hint};
  } catch (error) {
    bench.signal?.throwIfAborted();
    if (!(error instanceof TargetError)) throw error;
    return {name, required, ok: false, detail: error.message, hint: error.hint};
  }
}

/** @returns how many objects could not be removed */
async function cleanUp(target: Target, prefix: string): Promise<number> {
  let left = 0;
  const names: string[] = [];
  try {
    for await (const {name} of target.list(prefix)) names.push(name);
    for (const name of names) {
      try {
        await target.remove(name);
      } catch (error) {
        if (!(error instanceof TargetError)) throw error;
        left += 1;
      }
    }
  } catch (error) {
    if (!(error instanceof TargetError)) throw error; // What could not be listed was told before.
  }
  return left;
}
