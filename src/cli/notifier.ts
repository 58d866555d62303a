/** Tells those whom the config names how a run ended. That somebody could not be told is shown, and changes nothing else. */
import {hostname} from 'node:os';
import type {NotifyPart} from '../config/notify-alone.ts';
import type {Environment} from '../config/substitute.ts';
import type {Channel} from '../operations/notify/channel.ts';
import {channelsOf, type Notified, notify} from '../operations/notify/notify.ts';
import type {RunReport} from '../operations/notify/report.ts';
import {isLoopback} from '../targets/endpoint.ts';
import type {Output} from './output.ts';
import {prepareNetwork} from './target-access.ts';

/** How long a channel is tried. Whoever stops a service waits for less. */
const PATIENCE_MS = 60_000;
const PATIENCE_STOPPED_MS = 3000;
/** In all; a health check that does not answer must not hold up a backup for long. */
const LONGEST_MS = 120_000;
const LONGEST_STOPPED_MS = 10_000;
const LONGEST_START_MS = 10_000;

export class Notifier {
  readonly #channels: readonly Channel[];
  readonly #output: Output;
  readonly #repository: string;

  /** Warns of addresses that are reached without encryption. */
  constructor(config: NotifyPart, {env, output}: {env: Environment; output: Output}) {
    this.#channels = channelsOf(config.notify, hostname());
    this.#output = output;
    this.#repository = output.redacted(config.repository ?? '').replace(/\?.*$/s, '');
    if (this.#channels.length > 0) prepareNetwork(config, env);
    for (const {name, place} of this.#channels) {
      const url = URL.parse(place);
      if (url?.protocol === 'http:' && !isLoopback(url.hostname))
        output.warn(
          `notify: the ${name} at ${place} is reached without encryption (http://): whoever is on the way sees what is told. Use https://.`,
        );
    }
  }

  get channels(): readonly Channel[] {
    return this.#channels;
  }

  /** @param isStopped whether somebody waits for this process to end */
  async tell(
    report: Omit<RunReport, 'host' | 'repository'>,
    {isStopped = false}: {isStopped?: boolean} = {},
  ): Promise<readonly Notified[]> {
    if (this.#channels.length === 0) return [];
    const isStart = report.phase === 'start';
    const longestMs = isStopped ? LONGEST_STOPPED_MS : isStart ? LONGEST_START_MS : LONGEST_MS;
    const told = await notify(
      this.#channels,
      {...report, host: hostname(), repository: this.#repository},
      {
        patienceMs: isStopped || isStart ? PATIENCE_STOPPED_MS : PATIENCE_MS,
        longestMs,
      },
    );
    for (const {channel, error} of told)
      if (error !== undefined)
        this.#output.warn(`notify: ${channel} was not told: ${error.message}`, error.hint);
    return told;
  }
}
