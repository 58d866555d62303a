/** Databases on a real PostgreSQL server, each test's own. */
import {execFile, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {promisify} from 'node:util';
import type {PostgresConnection, PostgresSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {Secret} from '../../src/system/secret.ts';
import type {ServerFacts} from '../support/servers.ts';

const run = promisify(execFile);

export class PostgresScratch implements AsyncDisposable {
  readonly facts: ServerFacts;
  /** Begins the name of everything that is made here. */
  readonly prefix = `t${randomBytes(4).toString('hex')}`;
  readonly #roles: string[] = [];

  constructor(facts: ServerFacts) {
    this.facts = facts;
  }

  get connection(): PostgresConnection {
    const {PGHOST, PGPORT, PGUSER, PGPASSWORD = ''} = this.facts;
    return {
      host: PGHOST,
      port: Number(PGPORT),
      user: PGUSER,
      password: new Secret(PGPASSWORD),
      sslmode: undefined,
      sslrootcert: undefined,
      programs: undefined,
    };
  }

  secret(text: string): Secret {
    return new Secret(text);
  }

  get env(): Record<string, string | undefined> {
    const {PGHOST, PGPORT, PGUSER, PGPASSWORD} = this.facts;
    return {PATH: process.env['PATH'], PGHOST, PGPORT, PGUSER, PGPASSWORD};
  }

  /** Runs SQL, and gives what it prints. */
  async sql(database: string, text: string): Promise<string> {
    const args = ['--no-psqlrc', '-qAt', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', text];
    return (await run('psql', args, {env: this.env, maxBuffer: 2 ** 26})).stdout.trim();
  }

  /** Makes a database. @returns its name */
  async database(suffix: string, sql?: string): Promise<string> {
    const name = `${this.prefix}_${suffix}`;
    await this.sql('postgres', `CREATE DATABASE ${name} TEMPLATE template0`);
    if (sql !== undefined) await this.sql(name, sql);
    return name;
  }

  /** Makes a role that may log in. */
  async role(suffix: string, grants = ''): Promise<{name: string; password: string}> {
    const [name, password] = [`${this.prefix}_${suffix}`, randomBytes(12).toString('hex')];
    await this.sql(
      'postgres',
      `CREATE ROLE ${name} LOGIN PASSWORD '${password}'; ${grants.replaceAll('ROLE', name)}`,
    );
    this.#roles.push(name);
    return {name, password};
  }

  /** Runs SQL again and again until it is disposed of, or the database is gone. */
  writer(database: string, sql: string): Disposable & {readonly rounds: () => number} {
    const child = spawn('psql', ['--no-psqlrc', '-qAt', '-d', database], {
      env: this.env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let rounds = 0;
    child.stdin.on('error', () => {});
    const next = (): boolean => child.stdin.write(`${sql}; SELECT 1;\n`);
    child.stdout.on('data', () => {
      rounds++;
      next();
    });
    next();
    return {rounds: () => rounds, [Symbol.dispose]: () => void child.kill('SIGKILL')};
  }

  source(database: string, overrides: Partial<PostgresSourceConfig> = {}): PostgresSourceConfig {
    return {
      ...stdinSource('db', 'unused', Number.POSITIVE_INFINITY),
      kind: 'postgres',
      connection: this.connection,
      databases: [database],
      format: 'custom',
      directory: undefined,
      only: {schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeData: []},
      globals: true,
      witness: {rows: 'all', timeoutMs: 600_000},
      ...overrides,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const names = await this.sql(
      'postgres',
      `SELECT datname FROM pg_database WHERE datname LIKE '${this.prefix}\\_%'`,
    );
    for (const name of names.split('\n').filter((line) => line !== ''))
      await this.sql('postgres', `DROP DATABASE "${name}" WITH (FORCE)`);
    for (const role of this.#roles) await this.sql('postgres', `DROP ROLE IF EXISTS ${role}`);
  }
}

/** Something of everything: types, keys, sequences, large objects, triggers, views, partitions, and a table of `rows` rows. */
export const everything = (rows: number): string =>
  `
  CREATE EXTENSION IF NOT EXISTS pgcrypto;
  CREATE SCHEMA "Shop ""1""";
  CREATE TYPE "Shop ""1""".state AS ENUM ('new', 'paid', 'it''s sent');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TABLE customer (id bigserial PRIMARY KEY, mail text UNIQUE NOT NULL, born date, joined timestamptz DEFAULT now());
  CREATE TABLE "order" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint NOT NULL REFERENCES customer, amount numeric(12,2),
    state "Shop ""1""".state DEFAULT 'new', kind varchar(10) CHECK (kind IN ('a', 'b')), note text, doubled numeric GENERATED ALWAYS AS (amount * 2) STORED);
  CREATE INDEX ON "order" (customer) WHERE amount > 10;
  CREATE INDEX ON "order" (lower(note));
  CREATE TYPE pair AS (x int, y text);
  CREATE TABLE types (t pair, a int2, b float4, c float8, d bytea, e json, f jsonb, g inet, h uuid, i interval, j timestamp, k int[],
    l tsvector, m bit(3), n money, o point, p xml, q int4range, r regclass, s boolean, u char(5), v positive);
  CREATE TABLE measured (at date NOT NULL, value float8) PARTITION BY RANGE (at);
  CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
  CREATE TABLE measured_2 PARTITION OF measured FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
  CREATE TABLE "Shop ""1"""."odd.name %" ("a ""b""" int, "select" text);
  CREATE TABLE empty ();
  INSERT INTO customer (mail, born) SELECT 'user' || g || '@example.org', date '1950-01-01' + g % 20000 FROM generate_series(1, 1000) g;
  INSERT INTO "order" (customer, amount, state, kind, note)
    SELECT 1 + g % 1000, (g % 10000) / 7.0, (ARRAY['new', 'paid', 'it''s sent'])[1 + g % 3]::"Shop ""1""".state, 'a', md5(g::text)
    FROM generate_series(1, ${rows}) g;
  INSERT INTO types VALUES (ROW(1, 'x'), 1, 0.1, 'NaN', '\\x00ff', '{"a": 1}', '{"b": [1, null]}', '::1', gen_random_uuid(), '1 mon 2 days', now(), '{1,NULL}',
    'a fat cat', B'101', 12.34, '(1,2)', '<a>ü</a>', '[1,5)', '"order"', true, 'ab', 7);
  INSERT INTO types DEFAULT VALUES;
  INSERT INTO measured SELECT date '2026-01-01' + g, g / 3.0 FROM generate_series(0, 300) g;
  INSERT INTO "Shop ""1"""."odd.name %" VALUES (1, E'tab\\tnew\\nline\\\\ ü 💾'), (NULL, '');
  CREATE VIEW paid AS SELECT o.*, c.mail FROM "order" o JOIN customer c ON c.id = o.customer WHERE o.state = 'paid';
  CREATE MATERIALIZED VIEW total AS SELECT customer, sum(amount) FROM "order" GROUP BY 1;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := coalesce(NEW.note, 'none'); RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE INSERT ON "order" FOR EACH ROW EXECUTE FUNCTION touch();
  ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
  CREATE POLICY mine ON customer FOR SELECT USING (mail = current_user);
  SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex')), lo_from_bytea(0, 'second');
`;
