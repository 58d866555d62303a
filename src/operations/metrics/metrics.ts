/** Figures for Prometheus, in its text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */

/** All are gauges. Of a source; its name is a label. */
const OF_SOURCES = {
  last_success_timestamp_seconds: 'When the newest snapshot that is not suspect was finished.',
  last_full_timestamp_seconds: 'When the newest full snapshot was finished.',
  last_proven_timestamp_seconds: 'When a drill last proved that a snapshot can be restored.',
  last_attempt_timestamp_seconds: 'When a backup was last tried.',
  last_attempt_success: 'Whether that made a snapshot: 1 or 0.',
  backup_duration_seconds: 'How long the newest snapshot took.',
  backup_source_bytes: 'Size of what the newest snapshot holds.',
  backup_read_bytes: 'Bytes that were read for the newest snapshot.',
  backup_new_bytes: 'Bytes that were new in the newest snapshot, before compression.',
  backup_stored_bytes: 'Bytes that the newest snapshot added to the repository.',
  backup_files: 'Files, folders and links in the newest snapshot.',
  backup_warnings: 'What the newest snapshot lacks, or holds with a doubt.',
  backup_suspect: 'Whether the newest snapshot is suspect: 1 or 0.',
  backup_retries: 'Requests to the storage that the last run tried again.',
} as const;

/** Of the whole repository, or the last run; without such a label. */
const OF_ALL = {
  last_run_timestamp_seconds: 'When the last run ended.',
  last_run_exit_code: 'How the last run ended: 0, or one of docs/errors.md.',
  repository_bytes: 'Size of all objects of the repository.',
  repository_dead_bytes: 'What of that no snapshot needs, as far as it is known.',
  repository_limit_bytes: 'How much the repository may hold (limits.repository).',
  repository_limit_ratio: 'Which share of the limit is taken.',
} as const;

export type SourceMetric = keyof typeof OF_SOURCES;
export type GlobalMetric = keyof typeof OF_ALL;

const PREFIX = 'holdfast_';
/** All samples of a file have its name as the label `config`, so that two files of one machine never tell the same series. */
const SAMPLE = /^holdfast_([a-z_]+)\{config="(?:[^"\\]|\\.)*"(?:,source="([^"\\]*)")?\} (\S+)$/;

/** What is known; what is not is left out. */
export class Metrics {
  readonly #sources = new Map<SourceMetric, Map<string, number>>();
  readonly #all = new Map<GlobalMetric, number>();

  /** Reads what {@link toText} wrote; passes over everything else. */
  static parse(text: string): Metrics {
    const metrics = new Metrics();
    for (const line of text.split('\n')) {
      const [, name = '', source, value = ''] = SAMPLE.exec(line) ?? [];
      const number = Number(value);
      if (source !== undefined && Object.hasOwn(OF_SOURCES, name))
        metrics.set(source, name as SourceMetric, number);
      else if (source === undefined && Object.hasOwn(OF_ALL, name))
        metrics.setGlobal(name as GlobalMetric, number);
    }
    return metrics;
  }

  /** Undefined, or what is no number, leaves it as it is. */
  set(source: string, name: SourceMetric, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const values = this.#sources.get(name) ?? new Map<string, number>();
    this.#sources.set(name, values.set(source, value));
  }

  setGlobal(name: GlobalMetric, value: number | undefined): void {
    if (value !== undefined && Number.isFinite(value)) this.#all.set(name, value);
  }

  forgetGlobal(name: GlobalMetric): void {
    this.#all.delete(name);
  }

  /** Forgets sources that there are no longer. */
  keepSources(names: ReadonlySet<string>): void {
    for (const values of this.#sources.values())
      for (const source of values.keys()) if (!names.has(source)) values.delete(source);
  }

  /** @param config the label of all samples */
  toText(config: string): string {
    const label = `config="${config.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
    const blocks: string[] = [];
    const add = (name: string, help: string, samples: readonly string[]): void => {
      if (samples.length === 0) return;
      const full = PREFIX + name;
      blocks.push(`# HELP ${full} ${help}\n# TYPE ${full} gauge\n${samples.join('\n')}\n`);
    };
    for (const [name, help] of Object.entries(OF_SOURCES)) {
      const values = [...(this.#sources.get(name as SourceMetric) ?? [])].sort(([a], [b]) =>
        a < b ? -1 : 1,
      );
      add(
        name,
        help,
        values.map(([source, value]) => `${PREFIX}${name}{${label},source="${source}"} ${value}`),
      );
    }
    for (const [name, help] of Object.entries(OF_ALL)) {
      const value = this.#all.get(name as GlobalMetric);
      add(name, help, value === undefined ? [] : [`${PREFIX}${name}{${label}} ${value}`]);
    }
    return blocks.join('');
  }
}
