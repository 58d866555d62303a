/** Tells how runs ended, by all channels that want to know. */
import type {NotifyConfig} from '../../config/notify.ts';
import {HoldfastError} from '../../errors.ts';
import {type Clock, systemClock} from '../../targets/clock.ts';
import {Retrier} from '../../targets/retry.ts';
import {TargetError} from '../../targets/target.ts';
import type {Channel} from './channel.ts';
import {email} from './email.ts';
import {program, syslog} from './programs.ts';
import {eventsOf, type RunReport} from './report.ts';
import {healthcheck, webhook} from './web.ts';

export interface Notified {
  readonly channel: string;
  readonly place: string;
  /** Undefined if it was told. */
  readonly error: HoldfastError | undefined;
}

export interface NotifyOptions {
  /** How long a channel that fails for the time being is tried. */
  readonly patienceMs: number;
  /** After that it is given up, even in the midst of an attempt. */
  readonly longestMs: number;
  readonly clock?: Clock;
}

export function channelsOf(config: NotifyConfig, host: string): Channel[] {
  const {healthcheck: address, emails, webhooks, programs} = config;
  return [
    ...(address === undefined ? [] : [healthcheck(address)]),
    ...emails.map((one) => email(one, host)),
    ...webhooks.map(webhook),
    ...programs.map(program),
    ...(config.syslog === undefined ? [] : [syslog(config.syslog)]),
  ];
}

/** Never throws for a channel that fails: a run is what it is, whoever hears of it. A test goes to all channels. */
export async function notify(
  channels: readonly Channel[],
  report: RunReport,
  {patienceMs, longestMs, clock = systemClock}: NotifyOptions,
): Promise<Notified[]> {
  const {phase, kind, also} = report;
  const occasion = {phase, kind, also, events: eventsOf(report)};
  const wanted = channels.filter((channel) => phase === 'test' || channel.wants(occasion));
  return await Promise.all(
    wanted.map(async (channel): Promise<Notified> => {
      const {name, place} = channel;
      try {
        const signal = AbortSignal.timeout(longestMs);
        const retrier = new Retrier({clock, patienceMs, firstPatienceMs: patienceMs});
        await retrier.run(signal, () => channel.send(report, signal));
        return {channel: name, place, error: undefined};
      } catch (error) {
        return {channel: name, place, error: failureOf(error, place, longestMs)};
      }
    }),
  );
}

function failureOf(error: unknown, place: string, longestMs: number): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (!(error instanceof DOMException) || error.name !== 'TimeoutError') throw error;
  return new TargetError(`Cannot tell ${place}: it took longer than ${longestMs / 1000} s.`, {
    cause: error,
    transient: true,
    hint: 'Check the address and the network.',
  });
}
