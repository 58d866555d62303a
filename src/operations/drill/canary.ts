/** The canary: does the private key still open every generation? Nothing else is fetched, so it takes moments, also for an offline key. */
import {HoldfastError, PassphraseError} from '../../errors.ts';
import {openGeneration} from '../../repository/generation.ts';
import type {History} from '../../repository/history.ts';
import {TargetError} from '../../targets/target.ts';
import {type DrillContext, draftReport} from './drill.ts';
import {Meter} from './meter.ts';
import {type KeptDrill, publishReport} from './records.ts';
import type {FullCheck} from './stage.ts';

/** @throws {@link TargetError}; that the key does not open a generation is what it found */
export async function runCanary(context: DrillContext, history: History): Promise<KeptDrill> {
  const {key, now, signal, onProgress} = context;
  const meter = new Meter(context.repository.target);
  const repository = {...context.repository, target: meter.target};
  const started = performance.now();
  /** The newest seal of each generation names its secrets. */
  const seals = history.sources.flatMap(({seals: all}) => [
    ...new Map(all.map((seal) => [seal.generation, seal])).values(),
  ]);
  const draft = draftReport(context, {name: '', scope: 'key'}, seals);
  const checks: FullCheck[] = [];
  for (const [index, seal] of seals.entries()) {
    signal?.throwIfAborted();
    const name = `${seal.source}/${seal.generation}`;
    onProgress?.({
      phase: 'verify',
      files: {done: index, total: seals.length},
      bytes: {done: 0},
      current: name,
    });
    try {
      await meter.during('prepare', () => openGeneration(repository, seal, key));
      checks.push({name, ok: true, detail: 'the key opens it', more: []});
    } catch (error) {
      signal?.throwIfAborted();
      const isFound =
        error instanceof HoldfastError && !(error instanceof TargetError || error instanceof PassphraseError);
      if (!isFound) throw error;
      checks.push({
        name,
        ok: false,
        detail: `the key does not open it (${error.code})`,
        more: [error.message],
      });
    }
  }
  const isWhole = checks.length > 0 && checks.every(({ok}) => ok);
  return publishReport(context, {
    report: {
      ...draft,
      finished: now().toISOString(),
      result: isWhole ? 'passed' : 'failed',
      checks: checks.map(({name, ok, detail}) => ({name, ok, detail})),
      bytes: {...draft.bytes, fetched: meter.fetchedBytes},
      times: meter.times,
      rtoMs: Math.round(performance.now() - started),
    },
    details: checks.map(({more}) => more),
  });
}
