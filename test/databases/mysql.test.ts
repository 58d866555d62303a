/** MariaDB on a real server (TESTING.md G1-G4, G6, G7, G11, G16, J1, J2). */
import {execFile, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {MysqlConnection, MysqlSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {SourceError} from '../../src/errors.ts';
import {type RestoreDatabaseResult, restoreToDatabase} from '../../src/operations/restore-database.ts';
import {openSealedGeneration, readSealedSnapshot} from '../../src/repository/open-snapshot.ts';
import {selectSnapshot} from '../../src/repository/snapshots.ts';
import type {MysqlWitness} from '../../src/sources/mysql/dump.ts';
import {checkMysql} from '../../src/sources/mysql/restore.ts';
import {Secret} from '../../src/system/secret.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';

const facts = serverFacts('MariaDB', 'mariadb');
const ROWS = Number(process.env['HOLDFAST_TEST_ROWS'] ?? 100_000);
const run = promisify(execFile);
const now = () => new Date();

const EVERYTHING = `
  CREATE TABLE customer (id bigint AUTO_INCREMENT PRIMARY KEY, mail varchar(100) NOT NULL UNIQUE, born date, joined timestamp DEFAULT now());
  CREATE TABLE orders (id bigint AUTO_INCREMENT PRIMARY KEY, customer bigint NOT NULL, amount decimal(12,2), state enum('new','paid','it''s sent'),
    note text, doubled decimal(13,2) AS (amount * 2) STORED, KEY (state, amount), FOREIGN KEY (customer) REFERENCES customer (id));
  CREATE TABLE types (a tinyint, b float, c double, d varbinary(10), e json, f bit(3), g datetime(6), h time, i year, j set('x','y'), k longblob,
    l varchar(20) CHARACTER SET latin1, m point, n mediumtext COLLATE utf8mb4_bin, o uuid, p inet6);
  CREATE TABLE \`odd \`\`name\` (\`a "b"\` int, \`select\` text);
  INSERT INTO customer (mail, born) SELECT CONCAT('user', seq, '@example.org'), '1950-01-01' + INTERVAL seq DAY FROM seq_1_to_1000;
  INSERT INTO orders (customer, amount, state, note) SELECT 1 + seq % 1000, (seq % 10000) / 7, 1 + seq % 3, MD5(seq) FROM seq_1_to_${ROWS};
  INSERT INTO types VALUES (1, 0.1, 1e300, x'00ff27', '{"a": [1, null]}', b'101', now(6), '12:00:01', 2026, 'x,y', REPEAT(x'00ff0a27', 50000),
    'ünï', ST_GeomFromText('POINT(1 2)'), '💾 tab\\t \\\\ line\\n', UUID(), '::1');
  INSERT INTO types (a) VALUES (NULL);
  INSERT INTO \`odd \`\`name\` VALUES (1, ''), (NULL, NULL);
  CREATE VIEW paid AS SELECT o.*, c.mail FROM orders o JOIN customer c ON c.id = o.customer WHERE state = 'paid';
  CREATE TRIGGER touch BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = COALESCE(NEW.note, 'none');
  CREATE PROCEDURE hello(IN x int) SELECT x;
  CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN 2 * x;
  CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM types WHERE a = 99;
`;

describe.runIf(facts)('MariaDB', {timeout: 600_000}, () => {
  let machine: Machine;
  let prefix: string;
  const users: string[] = [];
  const connection: MysqlConnection = {
    host: facts?.['MYSQL_HOST'],
    port: Number(facts?.['MYSQL_PORT']),
    socket: undefined,
    user: facts?.['MYSQL_USER'],
    password: new Secret(facts?.['MYSQL_PASSWORD'] ?? ''),
    tls: false,
    programs: undefined,
  };
  const args = [
    '--no-defaults',
    '-h',
    String(connection.host),
    '-P',
    String(connection.port),
    '-u',
    String(connection.user),
    '-N',
    '-B',
    '--default-character-set=utf8mb4',
  ];
  const env = {PATH: process.env['PATH'], MYSQL_PWD: facts?.['MYSQL_PASSWORD']};

  async function sql(text: string, database = ''): Promise<string> {
    return (
      await run('mariadb', [...args, '-e', text, ...(database === '' ? [] : [database])], {
        env,
        maxBuffer: 2 ** 26,
      })
    ).stdout.trim();
  }
  async function database(suffix: string, text = 'SELECT 1'): Promise<string> {
    await sql(`CREATE DATABASE ${prefix}_${suffix} CHARACTER SET utf8mb4`);
    await sql(text, `${prefix}_${suffix}`);
    return `${prefix}_${suffix}`;
  }
  async function user(rights: string): Promise<MysqlConnection> {
    const [name, password] = [`u${randomBytes(4).toString('hex')}`, `"\\ ${randomBytes(8).toString('hex')}`];
    await sql(
      `CREATE USER ${name}@'127.0.0.1' IDENTIFIED BY '${password.replaceAll('\\', '\\\\')}'; ${rights.replaceAll('USER', `${name}@'127.0.0.1'`)}`,
    );
    users.push(name);
    return {...connection, user: name, password: new Secret(password)};
  }
  const source = (name: string, overrides: Partial<MysqlSourceConfig> = {}): MysqlSourceConfig => ({
    ...stdinSource('db', 'unused', Number.POSITIVE_INFINITY),
    kind: 'mysql',
    connection,
    databases: [name],
    excludeTables: [],
    users: false,
    witness: {rows: 'all', timeoutMs: 600_000},
    ...overrides,
  });

  beforeEach(async () => {
    machine = await Machine.create();
    prefix = `t${randomBytes(4).toString('hex')}`;
  });
  afterEach(async () => {
    await machine[Symbol.asyncDispose]();
    for (const name of (await sql('SHOW DATABASES')).split('\n'))
      if (name.startsWith(prefix)) await sql(`DROP DATABASE ${name}`);
    for (const name of users.splice(0)) await sql(`DROP USER ${name}@'127.0.0.1'`);
  });

  async function opened(reference: string) {
    const {history, agents, repository} = await machine.elsewhere();
    const seal = selectSnapshot(history, reference);
    const found = history.sources.find((candidate) => candidate.source === seal.source);
    if (found === undefined) throw new Error('no history');
    return {history: found, agents, repository, seal, key: machine.privateKey};
  }
  async function restore(
    reference: string,
    name: string,
    options: {overwrite?: boolean; inPlace?: boolean} = {},
  ): Promise<RestoreDatabaseResult> {
    const {history, seal, ...context} = await opened(reference);
    return restoreToDatabase(
      context,
      history,
      seal,
      {kind: 'mysql', connection, database: name},
      {now, ...options},
    );
  }
  async function witness(reference: string): Promise<MysqlWitness> {
    const {history, seal, agents, repository, key} = await opened(reference);
    const {reader} = await openSealedGeneration(repository, agents, history, seal, key);
    return (await readSealedSnapshot(repository, agents, seal, reader)).witness as unknown as MysqlWitness;
  }
  async function failure(config: MysqlSourceConfig): Promise<SourceError> {
    const error = await machine.backupDump(config).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect((await machine.history()).sources.flatMap(({seals}) => seals)).toEqual([]);
    return error as SourceError;
  }
  function programs(dump: string, client = 'exec REAL "$@"'): string {
    const folder = join(machine.folder, 'programs');
    mkdirSync(folder);
    for (const [name, script] of [
      ['mariadb-dump', dump],
      ['mariadb', client],
    ] as const)
      writeFileSync(join(folder, name), `#!/bin/bash\n${script.replaceAll('REAL', `/usr/bin/${name}`)}\n`, {
        mode: 0o755,
      });
    return folder;
  }

  // G11
  test(`a database of ${ROWS} rows with a writer at work comes back exactly; one row less is noticed`, async () => {
    const name = await database('orders', EVERYTHING);
    const writer = spawn('mariadb', [...args, '--unbuffered', name], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let rounds = 0;
    writer.stdin.on('error', () => {});
    const write = () =>
      writer.stdin.write(
        `BEGIN; INSERT INTO orders (customer, amount) VALUES (1, RAND() * 100); UPDATE orders SET note = CONCAT(note, '.') WHERE id = FLOOR(RAND() * ${ROWS}); DELETE FROM orders WHERE id = FLOOR(RAND() * ${ROWS}); COMMIT; SELECT 1;\n`,
      );
    writer.stdout.on('data', () => {
      rounds++;
      write();
    });
    write();
    let id: string | null;
    try {
      await expect.poll(() => rounds, {timeout: 30_000}).toBeGreaterThan(3);
      ({id} = await machine.backupDump(source(name)));
      const before = rounds;
      await expect.poll(() => rounds, {timeout: 30_000}).toBeGreaterThan(before);
    } finally {
      writer.kill('SIGKILL');
    }
    const seen = await witness(String(id));
    const [known] = seen.databases;
    expect(seen.position).toHaveProperty('gtid_binlog_pos');
    expect(known?.tables.map(([table]) => table)).toEqual(['customer', 'odd `name', 'orders', 'types']);
    expect(known?.tables.every(([, rows, checksum]) => rows !== null && checksum !== null)).toBe(true);
    expect(Object.keys(known?.schema ?? {}).sort()).toEqual([
      'columns',
      'events',
      'indexes',
      'keys',
      'routines',
      'triggers',
      'views',
    ]);

    const copy = `${prefix}_copy`;
    expect(await restore(String(id), copy)).toMatchObject({
      problems: [],
      warnings: [],
      database: copy,
      tables: 4,
    });
    const check = () => checkMysql(connection, copy, known as never, {now});
    await sql('DELETE FROM orders ORDER BY id DESC LIMIT 1', copy);
    expect(await check()).toEqual([
      expect.stringMatching(/^The table orders has \d+ rows; the dump has \d+\.$/),
    ]);
    await sql(
      `INSERT INTO orders (customer, amount) VALUES (1, 1); UPDATE types SET k = CONCAT(k, '.') WHERE a = 1; DROP PROCEDURE hello`,
      copy,
    );
    expect(await check()).toEqual([
      expect.stringMatching(/^The table orders has other content/),
      'The table types has other content than the dump, in 2 rows.',
      'The routines are not those of the dump.',
    ]);
  });

  // G12
  test('a definition that changes while the dump runs: it waits, or the dump fails; never a mixed state', async () => {
    const name = await database(
      'ddl',
      'CREATE TABLE a AS SELECT seq, REPEAT(MD5(seq), 20) AS t FROM seq_1_to_60000; CREATE TABLE z AS SELECT 1 AS x',
    );
    let changed: Promise<unknown> | undefined;
    const onProgress = (): void => {
      changed ??= sql('ALTER TABLE z MODIFY x varchar(10)', name);
    };
    const done = await machine.backupDump(source(name), {}, {onProgress}).catch((error: unknown) => error);
    await changed;
    if (done instanceof SourceError) {
      expect(done.message).toMatch(/definition has changed/i);
      expect((await machine.history()).sources.flatMap(({seals}) => seals)).toEqual([]);
    } else {
      const copy = `${prefix}_copy`;
      expect(await restore('latest', copy)).toMatchObject({problems: []});
      expect(await sql('SELECT * FROM z', copy)).toBe('1');
    }
  });

  test('all databases, and the accounts', async () => {
    const one = await database('one', 'CREATE TABLE a AS SELECT 1 AS x');
    await database('two', 'CREATE TABLE b AS SELECT 2 AS x');
    const {id} = await machine.backupDump(source('', {databases: 'all', users: true}));
    const files = join(machine.folder, 'files');
    await machine.restore(String(id), files);
    expect(readdirSync(files)).toEqual(
      expect.arrayContaining(['users.sql', `${one}.sql`, `${prefix}_two.sql`]),
    );
    expect(readFileSync(join(files, 'users.sql'), 'utf8')).toContain('CREATE USER');
  });

  // G16
  test('tables without transactions are told; a user without RELOAD gets no rows in the witness, and is told', async () => {
    const name = await database(
      'old',
      'CREATE TABLE a (x int) ENGINE=MyISAM; CREATE TABLE b (x int); INSERT INTO b VALUES (1)',
    );
    const done = await machine.backupDump(source(name));
    expect(done.warnings.map(({problem}) => problem)).toEqual([expect.stringContaining('a (MyISAM)')]);
    const reader = await user(`GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${name}.* TO USER`);
    const {id} = await machine.backupDump(source(name, {connection: reader}));
    expect(machine.notes.join()).toContain('without the right RELOAD');
    expect((await witness(String(id))).databases[0]?.tables).toEqual([
      ['a', null, null],
      ['b', null, null],
    ]);
    expect(await restore(String(id), `${prefix}_copy`)).toMatchObject({problems: []});
  });

  describe('what goes wrong makes no snapshot', () => {
    test('G7: a wrong password, an unknown database, no server, no program: said before work', async () => {
      for (const [change, name, problem] of [
        [{password: new Secret('wrong one')}, 'mysql', /Access denied for user/],
        [{}, 'no_such_database', /no database no_such_database/],
        [{port: 1}, 'mysql', /Can't connect/],
        [{programs: '/no/such/folder'}, 'mysql', /the program is not there/],
      ] as const) {
        const {message} = await failure(source(name, {connection: {...connection, ...change}}));
        expect(message).toMatch(problem);
        expect(message).not.toContain('wrong one');
      }
    });

    test.each([
      [
        'G1: the dump fails after most of its output',
        'REAL "$@" | head -c 600000; echo "out of luck" >&2; exit 5',
        /exit code 5 \(.*out of luck\)/,
      ],
      ['G2: it is killed', 'REAL "$@" | head -c 600000; kill -9 $$', /SIGKILL/],
      ['G3: it succeeds with nothing', 'exit 0', /without the end/],
      ['G4: it succeeds without its last line', 'REAL "$@" | head -c 600000', /without the end/],
    ])('%s', async (_name, script, problem) => {
      const name = await database('db', 'CREATE TABLE a AS SELECT seq, MD5(seq) FROM seq_1_to_50000');
      const folder = programs(`if [ "$1" = --version ]; then exec REAL "$@"; fi; ${script}`);
      expect((await failure(source(name, {connection: {...connection, programs: folder}}))).message).toMatch(
        problem,
      );
      await sql('INSERT INTO a VALUES (1, 1)', name); // No lock was left behind.
    });

    test('G6: the server ends the connections in the middle', async () => {
      const name = await database(
        'db',
        'CREATE TABLE a AS SELECT seq, REPEAT(MD5(seq), 20) FROM seq_1_to_100000',
      );
      let killed: Promise<unknown> | undefined;
      const kill = async () => {
        for (const id of (
          await sql(
            `SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = '${connection.user}'`,
          )
        ).split('\n'))
          await sql(`KILL ${id}`).catch(() => undefined);
      };
      const onProgress = () => {
        killed ??= kill();
      };
      const running = machine.backupDump(source(name), {}, {onProgress});
      await expect(running).rejects.toBeInstanceOf(SourceError);
      await killed;
      expect(await machine.backupDump(source(name))).toMatchObject({kind: 'full'});
    });
  });

  test('a restore refuses what has content, and what was dumped', async () => {
    const name = await database('db', 'CREATE TABLE a AS SELECT 1 AS x');
    const {id} = await machine.backupDump(source(name));
    const other = await database('other', 'CREATE TABLE precious AS SELECT 2 AS x');
    await expect(restore(String(id), other)).rejects.toThrow('is not empty');
    await expect(restore(String(id), name, {overwrite: true})).rejects.toThrow(
      'is the database that was dumped',
    );
    expect(await sql('SELECT x FROM precious', other)).toBe('2');
    expect(await restore(String(id), other, {overwrite: true})).toMatchObject({problems: []});
    await sql('UPDATE a SET x = 5', name);
    expect(await restore(String(id), name, {inPlace: true})).toMatchObject({problems: []});
    expect(await sql('SELECT x FROM a', name)).toBe('1');
  });

  // J1, J2
  test('no password in command lines, environments, messages, catalog or repository', async () => {
    const name = await database('db', 'CREATE TABLE a AS SELECT 1 AS x');
    const secret = await user('GRANT ALL ON *.* TO USER');
    const canary = secret.password?.reveal().slice(3) ?? '';
    const seen = join(machine.folder, 'seen');
    const look = `cat /proc/$$/cmdline /proc/$$/environ >>${seen}; exec REAL "$@"`;
    await machine.backupDump(source(name, {connection: {...secret, programs: programs(look, look)}}));
    expect(readFileSync(seen, 'latin1')).toContain('--single-transaction');
    for (const file of readdirSync(machine.folder, {recursive: true, withFileTypes: true}))
      if (file.isFile()) expect(readFileSync(join(file.parentPath, file.name)).includes(canary)).toBe(false);
  });
});
