/** What a witness says of tables. */

/** Name, rows, and the sum of hashes of the rows; null where it was not read. */
export type TableWitness = readonly [name: string, rows: number | null, checksum: string | null];

/** What differs in a copy's tables from those of the dump; each as one sentence. Tables that the dump lacks are no difference. */
export function compareTables(expected: readonly TableWitness[], actual: readonly TableWitness[]): string[] {
  const found = new Map(actual.map((table) => [table[0], table]));
  return expected.flatMap(([name, rows, checksum]) => {
    const copy = found.get(name);
    if (copy === undefined) return [`The table ${name} is missing.`];
    if (rows !== null && copy[1] !== rows)
      return [`The table ${name} has ${copy[1]} rows; the dump has ${rows}.`];
    if (checksum !== null && copy[2] !== checksum)
      return [`The table ${name} has other content than the dump, in ${rows} rows.`];
    return [];
  });
}
