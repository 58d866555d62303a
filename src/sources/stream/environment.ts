/** The program of an application has no use for what opens the history. */
export const WITHOUT_SECRETS: Record<string, undefined> = {
  HOLDFAST_PASSPHRASE: undefined,
  HOLDFAST_PASSPHRASE_FILE: undefined,
  HOLDFAST_PASSPHRASE_COMMAND: undefined,
  HOLDFAST_KEY: undefined,
};

/** The same for what the config takes its secrets from; for the programs of databases. */
export function withoutVariables(names: readonly string[] = []): Record<string, undefined> {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
