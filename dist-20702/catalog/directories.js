/** Numbers kept of each entry: size, mtime in ns, ctime in ns, inode. */
export const STATS = 4;
/** The state of each source at its last sealed snapshot, the state that a running walk finds, and the trees' plaintext. */
export class DirectoryTable {
    #database;
    #parts;
    #tree;
    #addTree;
    #addNext;
    constructor(database) {
        this.#database = database;
        this.#parts = database.prepare('SELECT tree, names, stats FROM directory WHERE source = ? AND path = ? AND generation = ? ORDER BY part');
        this.#tree = database.prepare('SELECT content FROM tree WHERE generation = ? AND id = ?').pluck();
        this.#addTree = database.prepare('INSERT OR IGNORE INTO tree (generation, id, content) VALUES (?, ?, ?)');
        this.#addNext = database.prepare('INSERT INTO directory_next (source, path, part, tree, names, stats) VALUES (?, ?, ?, ?, ?, ?)');
    }
    /** A directory's parts at the last snapshot, in order; none if it was not there or belongs to another generation. */
    parts(source, generation, path) {
        return this.#parts.all(source, path, generation);
    }
    /** The parts of a directory and of everything below it. */
    below(source, generation, path) {
        const [from, to] = [Buffer.concat([path, Buffer.from('/')]), Buffer.concat([path, Buffer.from('0')])];
        return this.#database
            .prepare('SELECT path, names FROM directory WHERE source = ? AND generation = ? AND (path = ? OR (path >= ? AND path < ?))')
            .all(source, generation, path, from, to);
    }
    tree(generation, id) {
        return this.#tree.get(generation, id);
    }
    addTree(generation, id, content) {
        this.#addTree.run(generation, id, content);
    }
    /** Begins a walk: forgets what an interrupted one of this source left. Other sources may be walked at the same time. */
    beginWalk(source) {
        for (const table of ['directory_next', 'directory_gone'])
            this.#database.prepare(`DELETE FROM ${table} WHERE source = ?`).run(source);
    }
    /** Notes the new state of a directory that changed. */
    noteChanged(source, path, parts) {
        this.noteGone(source, path);
        parts.forEach(({ tree, names, stats }, part) => void this.#addNext.run(source, path, part, tree, names, stats));
    }
    /** Notes that what was known of a directory is no longer true. */
    noteGone(source, path) {
        this.#database.prepare('INSERT OR IGNORE INTO directory_gone VALUES (?, ?)').run(source, path);
    }
    /** Takes over what the walk noted. Runs in the transaction that books the snapshot. */
    commitWalk(source, generation) {
        this.#database
            .prepare(`DELETE FROM directory WHERE source = @source AND
         (generation <> @generation OR path IN (SELECT path FROM directory_gone WHERE source = @source))`)
            .run({ source, generation });
        this.#database
            .prepare(`INSERT INTO directory (source, path, part, generation, tree, names, stats)
         SELECT source, path, part, ?, tree, names, stats FROM directory_next WHERE source = ?`)
            .run(generation, source);
        this.beginWalk(source);
    }
    /** Everything below has to be read again. */
    forgetSource(source) {
        this.#database.prepare('DELETE FROM directory WHERE source = ?').run(source);
    }
}
