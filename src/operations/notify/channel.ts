import type {NotifyEventName} from '../../config/notify-schema.ts';
import type {RunReport} from './report.ts';

/** What a channel decides by. */
export type Occasion = Pick<RunReport, 'phase' | 'kind' | 'also'> & {
  readonly events: readonly NotifyEventName[];
};

/** A way to tell somebody. */
export interface Channel {
  /** As in the config. */
  readonly name: string;
  /** Where it goes, for messages: no secrets. */
  readonly place: string;
  wants(occasion: Occasion): boolean;
  /** Sends once. @throws TargetError, whose `transient` says whether another try may help */
  send(report: RunReport, signal: AbortSignal | undefined): Promise<void>;
}
