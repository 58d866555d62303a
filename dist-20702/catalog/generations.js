import { writing } from './failures.js';
export class GenerationTable {
    #database;
    constructor(database) {
        this.#database = database;
    }
    add(row) {
        const insert = this.#database.prepare(`INSERT INTO generation (source, name, created, public_key, blob_id_key, chunker, secrets, recipients)
         VALUES (@source, @name, @created, @publicKey, @blobIdKey, @chunker, @secrets, @recipients)
         ON CONFLICT (source, name) DO NOTHING`);
        writing(this.#database, () => insert.run({
            ...row,
            chunker: JSON.stringify(row.chunker),
            secrets: JSON.stringify(row.secrets),
            recipients: JSON.stringify(row.recipients),
        }));
        return this.find(row.source, row.name);
    }
    find(source, name) {
        const raw = this.#database
            .prepare('SELECT * FROM generation WHERE source = ? AND name = ?')
            .get(source, name);
        return raw === undefined ? undefined : stored(raw);
    }
    /** The newest generation of a source, by name. */
    newest(source) {
        const raw = this.#database
            .prepare('SELECT * FROM generation WHERE source = ? ORDER BY name DESC LIMIT 1')
            .get(source);
        return raw === undefined ? undefined : stored(raw);
    }
    all() {
        return this.#database.prepare('SELECT * FROM generation ORDER BY source, name').all().map(stored);
    }
}
function stored(raw) {
    return {
        id: raw.id,
        source: raw.source,
        name: raw.name,
        created: raw.created,
        publicKey: raw.public_key,
        blobIdKey: raw.blob_id_key,
        chunker: JSON.parse(raw.chunker),
        secrets: JSON.parse(raw.secrets),
        recipients: JSON.parse(raw.recipients),
    };
}
