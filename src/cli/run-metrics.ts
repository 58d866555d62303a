/** Keeps `notify.metrics` up to date. That it cannot be written is shown, and changes nothing else. */
import type {Config} from '../config/config.ts';
import {readMetrics, writeMetrics} from '../operations/metrics/file.ts';
import {gatherProofs, gatherSource} from '../operations/metrics/gather.ts';
import {Metrics} from '../operations/metrics/metrics.ts';
import type {VolumeUse} from '../operations/volume.ts';
import {whyFailed} from '../system/system-error.ts';
import type {CliContext} from './context.ts';
import {otherWriter} from './metrics-writer.ts';
import type {Output} from './output.ts';
import {stateFolder} from './places.ts';

export class RunMetrics {
  /** For each source the requests that were tried again, where that is known. */
  readonly retries = new Map<string, number>();
  volume: VolumeUse | null = null;
  /** What no snapshot needs; undefined where nobody has counted it. */
  deadBytes: number | undefined;
  readonly #file: string;
  readonly #metrics: Metrics;
  readonly #sources: Set<string>;
  readonly #attempted: readonly string[];
  readonly #startedMs: number;
  readonly #output: Output;

  private constructor(file: string, config: Config, attempted: readonly string[], output: Output) {
    this.#file = file;
    this.#output = output;
    this.#attempted = attempted.length > 0 ? attempted : [...config.sources.keys()];
    this.#sources = new Set([...config.sources.keys(), ...attempted]);
    this.#startedMs = Date.now();
    this.#metrics = this.#read();
  }

  /** @param attempted the sources that are named; all by default */
  static of(
    config: Config | undefined,
    attempted: readonly string[],
    output: Output,
  ): RunMetrics | undefined {
    const file = config?.notify.metrics;
    if (config === undefined || file === undefined) return undefined;
    const other = writerBeside(file, config, output);
    if (other === undefined) return new RunMetrics(file, config, attempted, output);
    output.warn(
      `The metrics in ${file} are not written: ${other} writes them. Give each configuration a file of its own (notify.metrics).`,
    );
    return undefined;
  }

  /** Learns what the catalog and the storage know, however the work of this context ends. Dispose of it before the context. */
  watch(context: CliContext, signal: AbortSignal): AsyncDisposable {
    return {
      [Symbol.asyncDispose]: async () => {
        try {
          const catalog = context.existingCatalog();
          if (catalog === undefined) return;
          for (const source of this.#sources)
            gatherSource(
              this.#metrics,
              catalog,
              source,
              this.#attempted.includes(source) ? this.#startedMs : undefined,
            );
          if (signal.aborted) return;
          await gatherProofs(this.#metrics, catalog, context.target, this.#sources, () => context.drills());
        } catch (error) {
          this.#warn('are not complete', error);
        }
      },
    };
  }

  /** Writes the file. What this run did not learn stays as it was. */
  write(exitCode: number): void {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const metrics = this.#metrics;
    metrics.keepSources(this.#sources);
    for (const source of this.#attempted) {
      metrics.set(source, 'last_attempt_timestamp_seconds', nowSeconds);
      metrics.set(source, 'backup_retries', this.retries.get(source));
    }
    metrics.setGlobal('last_run_timestamp_seconds', nowSeconds);
    metrics.setGlobal('last_run_exit_code', exitCode);
    metrics.setGlobal('repository_dead_bytes', this.deadBytes);
    if (this.volume !== null) {
      const {bytes, limitBytes, share} = this.volume;
      metrics.setGlobal('repository_bytes', bytes);
      for (const name of ['repository_limit_bytes', 'repository_limit_ratio'] as const)
        metrics.forgetGlobal(name);
      metrics.setGlobal('repository_limit_bytes', limitBytes ?? undefined);
      metrics.setGlobal('repository_limit_ratio', share ?? undefined);
    }
    try {
      writeMetrics(this.#file, metrics);
    } catch (error) {
      this.#warn('could not be written', error);
    }
  }

  /** Nothing was learnt yet: an attempt that ends before it reaches the repository has failed. */
  #read(): Metrics {
    let metrics = new Metrics();
    try {
      metrics = readMetrics(this.#file);
    } catch (error) {
      this.#warn('could not be read', error);
    }
    for (const source of this.#attempted) metrics.set(source, 'last_attempt_success', 0);
    return metrics;
  }

  #warn(what: string, error: unknown): void {
    this.#output.warn(`The metrics in ${this.#file} ${what}: ${whyFailed(error)}.`);
  }
}

/** Undefined also where that cannot be found out: that is told, and keeps no figures back. */
function writerBeside(file: string, config: Config, output: Output): string | undefined {
  try {
    return otherWriter(file, config.file, stateFolder(process.env));
  } catch (error) {
    output.warn(`Whether another configuration writes ${file} is not known: ${whyFailed(error)}.`);
    return undefined;
  }
}

/** Keeps what a prune learnt of dead bytes, where this machine keeps figures. */
export function keepDeadBytes(config: Config | undefined, bytes: number, output: Output): void {
  const file = config?.notify.metrics;
  if (config === undefined || file === undefined) return;
  if (writerBeside(file, config, output) !== undefined) return; // Backups tell it.
  try {
    const metrics = readMetrics(file);
    metrics.setGlobal('repository_dead_bytes', bytes);
    writeMetrics(file, metrics);
  } catch (error) {
    output.warn(`The metrics in ${file} could not be written: ${whyFailed(error)}.`);
  }
}
