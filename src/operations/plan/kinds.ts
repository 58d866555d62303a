/** What names of files and folders tell: what kind of data it is, what is worth a hint, and what need not be backed up. */

const BY_EXTENSION: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    'text and code':
      'txt md html htm css js ts json xml yaml yml ini conf cfg c h cpp py rb php java go rs sh pl sql csv tex po svg toml',
    images: 'jpg jpeg png gif webp heic tif tiff bmp raw cr2 nef ico',
    'audio and video': 'mp3 ogg flac wav m4a opus mp4 mkv mov avi webm mpg mpeg',
    archives: 'zip gz tgz bz2 xz zst 7z rar lz4 deb rpm jar war iso img qcow2 vmdk vdi',
    documents: 'pdf doc docx xls xlsx ppt pptx odt ods odp epub',
    databases: 'db sqlite sqlite3 mdb ibd frm myd myi rdb aof wt dump bak',
    logs: 'log journal out',
    mail: 'eml mbox msg',
    programs: 'so exe dll o a pyc class wasm ko bin',
  }).flatMap(([kind, extensions]) => extensions.split(' ').map((extension) => [extension, kind])),
);

/** @param name one character per byte */
export function kindOf(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
  return Object.hasOwn(BY_EXTENSION, extension) ? (BY_EXTENSION[extension] ?? 'other') : 'other';
}

/** What makes data sensitive, by the names of files. */
const SENSITIVE: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    'private keys',
    /^(?:id_(?:rsa|dsa|ecdsa|ed25519)|.*\.(?:pem|key|p12|pfx|jks|keystore|ppk)|.*\.private\.asc)$/i,
  ],
  [
    'settings with secrets',
    /^(?:\.env(?:\..+)?|\.pgpass|\.my\.cnf|\.netrc|\.htpasswd|wp-config\.php|credentials|secrets?\.(?:ya?ml|json|toml)|\.git-credentials|\.npmrc|clouds\.yaml)$/i,
  ],
  ['passwords of users', /^(?:shadow|gshadow|passwd\.db|.*\.kdbx?)$/i],
  ['databases', /^(?:.*\.(?:sqlite3?|db|mdb|dump|rdb)|.*\.sql(?:\.\w+)?)$/i],
  ['mail', /^(?:.*\.(?:eml|mbox|pst)|Maildir)$/i],
];

export function sensitivityOf(name: string): string | undefined {
  return SENSITIVE.find(([, pattern]) => pattern.test(name))?.[0];
}

/** Folders of a running database: a copy of their files is of no single moment. */
const LIVE: readonly (readonly [mark: string, what: string, source: string])[] = [
  ['PG_VERSION', 'a PostgreSQL server', 'postgres'],
  ['ibdata1', 'a MariaDB or MySQL server', 'mysql'],
  ['WiredTiger', 'a MongoDB server', 'mongodb'],
  ['appendonlydir', 'a Redis server', 'redis'],
];

/** @param names of everything in a folder */
export function liveDatabaseIn(names: readonly string[]): {what: string; source: string} | undefined {
  for (const [mark, what, source] of LIVE) if (names.includes(mark)) return {what, source};
  const wal = names.find((name) => name.endsWith('-wal') && names.includes(name.slice(0, -'-wal'.length)));
  return wal === undefined
    ? undefined
    : {what: `the SQLite database ${wal.slice(0, -'-wal'.length)}`, source: 'sqlite'};
}

/** What can be made again: folders, as patterns for `exclude`. */
const MADE_AGAIN = new Set([
  'node_modules',
  '.cache',
  '__pycache__',
  '.npm',
  '.gradle',
  '.ccache',
  '.Trash',
  'lost+found',
  '.tox',
  '.mypy_cache',
]);

/** The pattern that would leave this folder out. */
export function madeAgain(name: string): string | undefined {
  return MADE_AGAIN.has(name) ? `${name}/` : undefined;
}
