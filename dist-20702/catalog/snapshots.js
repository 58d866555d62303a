/** Seals that this machine made or adopted, and the history of its runs. */
export class SnapshotTable {
    #database;
    constructor(database) {
        this.#database = database;
    }
    add(row) {
        this.#database
            .prepare(`INSERT INTO snapshot (source, sequence, id, generation, seal_sha256, seal, root)
         VALUES (@source, @sequence, @id, @generation, @sealSha256, @seal, @root)
         ON CONFLICT (source, sequence) DO UPDATE SET root = coalesce(excluded.root, root)`)
            .run(row);
    }
    /** Books a seal found in the repository. What its trees hold stays closed to this machine. */
    adopt(seal) {
        this.add({
            source: seal.source,
            sequence: seal.sequence,
            id: seal.snapshot.id,
            generation: seal.generation,
            sealSha256: seal.hash,
            seal: seal.payload,
            root: null,
        });
    }
    /** Takes these for the seals of a source, instead of those that were booked. */
    replaceAll(source, seals) {
        const known = new Set(seals.map((seal) => seal.hash));
        const booked = this.#database
            .prepare('SELECT sequence, seal_sha256 AS hash FROM snapshot WHERE source = ?')
            .all(source);
        const remove = this.#database.prepare('DELETE FROM snapshot WHERE source = ? AND sequence = ?');
        for (const { sequence, hash } of booked)
            if (!known.has(hash))
                remove.run(source, sequence);
        for (const seal of seals)
            this.adopt(seal);
    }
    newest(source) {
        return row(this.#database
            .prepare('SELECT * FROM snapshot WHERE source = ? ORDER BY sequence DESC LIMIT 1')
            .get(source));
    }
    find(id) {
        return row(this.#database.prepare('SELECT * FROM snapshot WHERE id = ?').get(id));
    }
    count() {
        return this.#database.prepare('SELECT count(*) FROM snapshot').pluck().get();
    }
    startRun(source, started) {
        return Number(this.#database.prepare('INSERT INTO run (source, started) VALUES (?, ?)').run(source, started)
            .lastInsertRowid);
    }
    finishRun(run, finished, outcome, seconds) {
        this.#database
            .prepare('UPDATE run SET finished = ?, outcome = ?, seconds = ? WHERE id = ?')
            .run(finished, outcome, seconds, run);
    }
}
function row(raw) {
    if (raw === undefined)
        return undefined;
    const { seal_sha256: sealSha256, ...rest } = raw;
    return { ...rest, sealSha256 };
}
