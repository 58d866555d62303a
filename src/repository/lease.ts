/** Leases: a note in the repository on who backs up a source now. Politeness, never safety (docs/format.md §1). */
import {HoldfastError, LockedError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import {Fields} from './fields.ts';
import {leaseObject} from './layout.ts';
import type {Repository} from './repository.ts';

export interface LeaseHolder {
  readonly agent: string;
  readonly host: string;
  readonly pid: number;
  readonly started: string;
}

/** A lease that was not renewed for so long is over. */
const EXPIRES_MS = 30 * 60_000;
/** How often a long run renews its lease. */
const RENEW_MS = 5 * 60_000;

/** A held lease. A store that cannot rewrite or delete makes it weaker, never an error. */
export class Lease {
  readonly #repository: Repository;
  readonly #source: string;
  readonly #me: LeaseHolder;
  readonly #onNote: (note: string) => void;
  #renewedMs = Number.NEGATIVE_INFINITY;

  private constructor(
    repository: Repository,
    source: string,
    me: LeaseHolder,
    onNote: (note: string) => void,
  ) {
    this.#repository = repository;
    this.#source = source;
    this.#me = me;
    this.#onNote = onNote;
  }

  /**
   * Takes the lease of a source.
   * @param isMine whether a holder is this machine's, and no longer runs
   * @throws {@link LockedError} if somebody else holds it
   */
  static async take(
    repository: Repository,
    source: string,
    me: LeaseHolder,
    nowMs: number,
    isMine: (holder: LeaseHolder) => boolean,
    onNote: (note: string) => void,
  ): Promise<Lease> {
    const current = await readLease(repository, source, nowMs);
    if (current !== undefined && nowMs - current.renewedMs < EXPIRES_MS && !isMine(current)) {
      throw new LockedError(
        `The source ${source} is being backed up by process ${current.pid} on ${current.host} since ${current.started}.`,
        {
          hint: `Wait for it to end; a run that was cut off is forgotten ${EXPIRES_MS / 60_000} minutes after its last sign of life.`,
        },
      );
    }
    const lease = new Lease(repository, source, me, onNote);
    await lease.renew(nowMs);
    return lease;
  }

  async renew(nowMs: number): Promise<void> {
    if (nowMs - this.#renewedMs < RENEW_MS) return;
    this.#renewedMs = nowMs;
    const body = Buffer.from(`${JSON.stringify({...this.#me, renewed: new Date(nowMs).toISOString()})}\n`);
    await this.#quietly(() => this.#repository.target.replace(leaseObject(this.#source), body));
  }

  async release(): Promise<void> {
    await this.#quietly(() => this.#repository.target.remove(leaseObject(this.#source)));
  }

  async #quietly(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      this.#onNote(`the lease of ${this.#source} could not be written: ${error.message}`);
    }
  }
}

async function readLease(
  {target}: Repository,
  source: string,
  nowMs: number,
): Promise<(LeaseHolder & {renewedMs: number}) | undefined> {
  const name = leaseObject(source);
  const storedMs = async (): Promise<number> => {
    const ms = (await target.stat(name))?.modifiedMs ?? 0;
    return isAhead(ms, nowMs) ? 0 : ms;
  };
  try {
    const fields = Fields.parse(
      Buffer.from(await readObject(target, name, {maxBytes: 65_536})).toString('utf8'),
    );
    const renewedMs = Date.parse(fields.time('renewed'));
    return {
      agent: fields.text('agent'),
      host: fields.text('host'),
      pid: fields.count('pid'),
      started: fields.time('started'),
      // A clock that was far ahead must not make it hold for years.
      renewedMs: isAhead(renewedMs, nowMs) ? await storedMs() : renewedMs,
    };
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    if (error instanceof HoldfastError) throw error;
    // Unreadable: somebody wrote something. It counts as held until the store says that it is old.
    const modifiedMs = await storedMs();
    return {
      agent: '',
      host: 'an unknown host',
      pid: 0,
      started: new Date(modifiedMs).toISOString(),
      renewedMs: modifiedMs,
    };
  }
}

/** Whether a time is so far in the future that its clock was wrong. */
function isAhead(ms: number, nowMs: number): boolean {
  return ms > nowMs + EXPIRES_MS;
}
