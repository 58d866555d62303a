/** Leases: a note in the repository on who backs up a source now. Politeness, never safety (docs/format.md §1). */
import { HoldfastError, LockedError } from '../errors.js';
import { readObject } from '../targets/read.js';
import { ObjectMissingError } from '../targets/target.js';
import { Fields } from './fields.js';
import { leaseObject } from './layout.js';
/** A lease that was not renewed for so long is over. */
const EXPIRES_MS = 30 * 60_000;
/** How often a long run renews its lease. */
const RENEW_MS = 5 * 60_000;
/** A held lease. A store that cannot rewrite or delete makes it weaker, never an error. */
export class Lease {
    #repository;
    #source;
    #me;
    #onNote;
    #renewedMs = Number.NEGATIVE_INFINITY;
    constructor(repository, source, me, onNote) {
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
    static async take(repository, source, me, nowMs, isMine, onNote) {
        const current = await readLease(repository, source);
        if (current !== undefined && nowMs - current.renewedMs < EXPIRES_MS && !isMine(current)) {
            throw new LockedError(`The source ${source} is being backed up by process ${current.pid} on ${current.host} since ${current.started}.`, {
                hint: `Wait for it to end; a run that was cut off is forgotten ${EXPIRES_MS / 60_000} minutes after its last sign of life.`,
            });
        }
        const lease = new Lease(repository, source, me, onNote);
        await lease.renew(nowMs);
        return lease;
    }
    async renew(nowMs) {
        if (nowMs - this.#renewedMs < RENEW_MS)
            return;
        this.#renewedMs = nowMs;
        const body = Buffer.from(`${JSON.stringify({ ...this.#me, renewed: new Date(nowMs).toISOString() })}\n`);
        await this.#quietly(() => this.#repository.target.replace(leaseObject(this.#source), body));
    }
    async release() {
        await this.#quietly(() => this.#repository.target.remove(leaseObject(this.#source)));
    }
    async #quietly(write) {
        try {
            await write();
        }
        catch (error) {
            if (!(error instanceof HoldfastError))
                throw error;
            this.#onNote(`the lease of ${this.#source} could not be written: ${error.message}`);
        }
    }
}
async function readLease({ target }, source) {
    const name = leaseObject(source);
    try {
        const fields = Fields.parse(Buffer.from(await readObject(target, name, { maxBytes: 65_536 })).toString('utf8'));
        return {
            agent: fields.text('agent'),
            host: fields.text('host'),
            pid: fields.count('pid'),
            started: fields.time('started'),
            renewedMs: Date.parse(fields.time('renewed')),
        };
    }
    catch (error) {
        if (error instanceof ObjectMissingError)
            return undefined;
        if (error instanceof HoldfastError)
            throw error;
        // Unreadable: somebody wrote something. It counts as held until the store says that it is old.
        const modifiedMs = (await target.stat(name))?.modifiedMs ?? 0;
        return {
            agent: '',
            host: 'an unknown host',
            pid: 0,
            started: new Date(modifiedMs).toISOString(),
            renewedMs: modifiedMs,
        };
    }
}
