import { writing } from './failures.js';
/** One run per source on this machine. */
export class LockTable {
    #database;
    constructor(database) {
        this.#database = database;
    }
    /**
     * Takes the lock, or returns who has it.
     * @param isAlive whether a holder still runs; one that does not is replaced
     */
    take(source, me, isAlive) {
        const take = this.#database.transaction(() => {
            const raw = this.#database
                .prepare('SELECT pid, process_started AS processStarted, host, since FROM lock WHERE source = ?')
                .get(source);
            if (raw !== undefined && isAlive(raw))
                return raw;
            this.#database
                .prepare('INSERT OR REPLACE INTO lock (source, pid, process_started, host, since) VALUES (?, @pid, @processStarted, @host, @since)')
                .run(source, me);
            return undefined;
        });
        return writing(this.#database, () => take.immediate());
    }
    release(source, me) {
        writing(this.#database, () => this.#database
            .prepare('DELETE FROM lock WHERE source = ? AND pid = ? AND process_started = ?')
            .run(source, me.pid, me.processStarted));
    }
}
