/** Which blobs lie in which acknowledged pack, and which packs no index object describes yet. */
export class BlobTable {
    #database;
    #has;
    #add;
    constructor(database) {
        this.#database = database;
        this.#has = database.prepare('SELECT 1 FROM blob WHERE generation = ? AND id = ?').pluck();
        this.#add = database.prepare('INSERT OR IGNORE INTO blob (generation, id, pack) VALUES (?, ?, ?)');
    }
    has(generation, id) {
        return this.#has.get(generation, id) !== undefined;
    }
    /** Whether nothing of the generation was stored so far. */
    isEmpty(generation) {
        return (this.#database.prepare('SELECT 1 FROM blob WHERE generation = ? LIMIT 1').get(generation) === undefined);
    }
    /**
     * Books a pack whose upload was acknowledged.
     * @param record what the index will say of it; null when an index object does already
     */
    addPack(generation, pack, ids, record) {
        this.#database
            .prepare('INSERT OR IGNORE INTO pack (generation, name, size, record) VALUES (?, ?, ?, ?)')
            .run(generation, pack.name, pack.size, record);
        const row = this.#database
            .prepare('SELECT id FROM pack WHERE generation = ? AND name = ?')
            .pluck()
            .get(generation, pack.name);
        for (const id of ids)
            this.#add.run(generation, id, row);
    }
    packs(generation) {
        return this.#database
            .prepare('SELECT name, size FROM pack WHERE generation = ? ORDER BY name')
            .all(generation);
    }
    indexObjects(generation) {
        return this.#database
            .prepare('SELECT name, size FROM index_object WHERE generation = ? ORDER BY name')
            .all(generation);
    }
    /** What the index has to say of packs that no index object describes yet. */
    unindexed(generation) {
        return this.#database
            .prepare('SELECT name, record FROM pack WHERE generation = ? AND record IS NOT NULL ORDER BY id')
            .all(generation);
    }
    /** Books an index object that was stored and describes these packs. */
    addIndex(generation, index, packs) {
        this.#database
            .prepare('INSERT OR IGNORE INTO index_object (generation, name, size) VALUES (?, ?, ?)')
            .run(generation, index.name, index.size);
        const indexed = this.#database.prepare('UPDATE pack SET record = NULL WHERE generation = ? AND name = ?');
        for (const name of packs)
            indexed.run(generation, name);
    }
    /** Forgets a pack that is no longer stored, with its blobs: they will be stored again. */
    forgetPack(generation, name) {
        this.#database
            .prepare('DELETE FROM blob WHERE generation = @generation AND pack = (SELECT id FROM pack WHERE generation = @generation AND name = @name)')
            .run({ generation, name });
        this.#database.prepare('DELETE FROM pack WHERE generation = ? AND name = ?').run(generation, name);
    }
    /** Forgets all packs, blobs and index objects of a generation. */
    forgetGeneration(generation) {
        for (const table of ['blob', 'pack', 'index_object']) {
            this.#database.prepare(`DELETE FROM ${table} WHERE generation = ?`).run(generation);
        }
    }
    count() {
        return this.#database.prepare('SELECT count(*) FROM blob').pluck().get();
    }
}
