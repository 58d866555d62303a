import type {PostgresSession} from './session.ts';

/** How much data a database has: rows and large objects, without indexes, which are in no dump. */
export function dataBytes(session: PostgresSession): Promise<number> {
  return session.one<number>(
    `SELECT to_json(coalesce(sum(pg_table_size(c.oid)), 0)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname <> 'information_schema'
       AND (n.nspname !~ '^pg_' OR c.relname = 'pg_largeobject')`,
  );
}
