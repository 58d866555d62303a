/**
 * One JSON object: kind of object → hash of the definitions. Only what is the same after a dump and a restore: structure and verbatim
 * sources, not the server's rendering of expressions, which a restore may change. What extensions brought is left out.
 */
export const SCHEMA_SQL = `WITH own AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
), relation AS (
  SELECT c.* FROM pg_class c JOIN own ON own.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), line(kind, text) AS (
  SELECT 'columns', concat_ws(' ', c.oid::regclass, c.relkind,
    row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.atthasdef, a.attidentity, a.attgenerated)
  FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT 'constraints', concat_ws(' ', c.oid::regclass, quote_ident(k.conname), k.contype, k.confrelid::regclass, k.condeferrable,
    k.condeferred, k.convalidated,
    (SELECT string_agg(quote_ident(a.attname), ',' ORDER BY o) FROM unnest(k.conkey) WITH ORDINALITY u(n, o)
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n))
  FROM relation c JOIN pg_constraint k ON k.conrelid = c.oid WHERE k.contype <> 'n'
  UNION ALL
  SELECT 'indexes', concat_ws(' ', i.indexrelid::regclass, c.oid::regclass, m.amname, i.indisunique, i.indisprimary, i.indnatts,
    i.indpred IS NOT NULL, i.indexprs IS NOT NULL)
  FROM relation c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
  UNION ALL
  SELECT 'triggers', concat_ws(' ', c.oid::regclass, quote_ident(t.tgname), t.tgtype, t.tgenabled, t.tgfoid::regprocedure)
  FROM relation c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
  UNION ALL
  SELECT 'policies', concat_ws(' ', c.oid::regclass, quote_ident(p.polname), p.polcmd, p.polpermissive)
  FROM relation c JOIN pg_policy p ON p.polrelid = c.oid
  UNION ALL
  SELECT 'sequences', concat_ws(' ', c.oid::regclass, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
  FROM relation c JOIN pg_sequence s ON s.seqrelid = c.oid
  UNION ALL
  SELECT 'functions', concat_ws(' ', p.oid::regprocedure, p.prokind, p.prorettype::regtype, l.lanname, p.prosecdef, p.provolatile,
    encode(sha256(convert_to(coalesce(p.prosrc, ''), 'UTF8')), 'hex'))
  FROM pg_proc p JOIN own ON own.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT 'types', concat_ws(' ', t.oid::regtype, t.typtype,
    (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
  FROM pg_type t JOIN own ON own.oid = t.typnamespace
  WHERE t.typtype IN ('e', 'd', 'r')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
)
SELECT coalesce(json_object_agg(kind, hash ORDER BY kind), '{}') FROM (
  SELECT kind, encode(sha256(convert_to(string_agg(text, chr(10) ORDER BY text COLLATE "C"), 'UTF8')), 'hex') AS hash
  FROM line GROUP BY kind
) AS hashes`;
