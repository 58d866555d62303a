/** The catalog's tables. The catalog is a cache of the repository and of what this machine saw; storage decides. */

/** One step per version: `MIGRATIONS[n]` leads from version n to n + 1. A released step is never changed. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- What the VM keeps of a generation: never the private key.
  CREATE TABLE generation (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    created TEXT NOT NULL,
    public_key TEXT NOT NULL,
    blob_id_key BLOB NOT NULL,
    chunker TEXT NOT NULL,     -- JSON: seed, min, maskBits, max
    secrets TEXT NOT NULL,     -- JSON: name, size, sha256 of generation.pgp and agent.pgp
    recipients TEXT NOT NULL,  -- JSON: fingerprints
    UNIQUE (source, name)
  ) STRICT;

  -- Packs whose upload was acknowledged. record: what the index will say of it, until an index object does.
  CREATE TABLE pack (
    id INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL REFERENCES generation ON DELETE CASCADE,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    record TEXT,
    UNIQUE (generation, name)
  ) STRICT;
  CREATE INDEX pack_unindexed ON pack (generation) WHERE record IS NOT NULL;

  CREATE TABLE index_object (
    generation INTEGER NOT NULL REFERENCES generation ON DELETE CASCADE,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (generation, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE blob (
    generation INTEGER NOT NULL,
    id BLOB NOT NULL,
    pack INTEGER NOT NULL,
    PRIMARY KEY (generation, id)
  ) STRICT, WITHOUT ROWID;

  -- Plaintext of tree blobs, for browsing without a key, and to reuse the lines of unchanged entries.
  CREATE TABLE tree (
    generation INTEGER NOT NULL,
    id BLOB NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (generation, id)
  ) STRICT;

  -- The last walk: per part of a directory its tree, its entries' names and what lstat said of them.
  CREATE TABLE directory (
    source TEXT NOT NULL,
    path BLOB NOT NULL,
    part INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    tree BLOB NOT NULL,
    names BLOB NOT NULL,
    stats BLOB NOT NULL,
    PRIMARY KEY (source, path, part)
  ) STRICT, WITHOUT ROWID;
  -- The same of the walk of a source that is under way; moved over when its snapshot is sealed.
  CREATE TABLE directory_next (
    source TEXT NOT NULL,
    path BLOB NOT NULL,
    part INTEGER NOT NULL,
    tree BLOB NOT NULL,
    names BLOB NOT NULL,
    stats BLOB NOT NULL,
    PRIMARY KEY (source, path, part)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE directory_gone (
    source TEXT NOT NULL,
    path BLOB NOT NULL,
    PRIMARY KEY (source, path)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshot (
    source TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    generation TEXT NOT NULL,
    seal_sha256 TEXT NOT NULL,
    seal TEXT NOT NULL,        -- the signed payload
    root TEXT,                 -- the root entry, where this machine knows it
    PRIMARY KEY (source, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX snapshot_id ON snapshot (id);

  CREATE TABLE lock (
    source TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    process_started TEXT NOT NULL,
    host TEXT NOT NULL,
    since TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT,
    outcome TEXT,              -- snapshot id, or the error's code
    seconds REAL
  ) STRICT;
  `,
  `
  -- Blobs that are stored as what differs from another one.
  CREATE TABLE delta (generation INTEGER NOT NULL, id BLOB NOT NULL, base BLOB NOT NULL, PRIMARY KEY (generation, id)) STRICT, WITHOUT ROWID;
  -- JSON: what the last good dump of a source held, to notice what a later one lacks.
  CREATE TABLE last_good (source TEXT PRIMARY KEY, contents TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- When each stored object was last read and compared, and what was wrong with it. Times in ms.
  CREATE TABLE checked (
    place TEXT NOT NULL,
    source TEXT NOT NULL,
    object TEXT NOT NULL,
    at INTEGER NOT NULL,
    problem TEXT,
    PRIMARY KEY (place, source, object)
  ) STRICT, WITHOUT ROWID;
  -- since: all checks until then are done; listed: when it was last looked up whether everything is there.
  CREATE TABLE check_state (
    place TEXT NOT NULL,
    source TEXT NOT NULL,
    since INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    PRIMARY KEY (place, source)
  ) STRICT, WITHOUT ROWID;
  -- What packs held that are lost, to tell how much of it is stored again.
  CREATE TABLE lost_blob (generation INTEGER NOT NULL, pack TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY (generation, pack, id)) STRICT, WITHOUT ROWID;
  `,
];
