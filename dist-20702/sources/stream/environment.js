/** The program of an application has no use for what opens the history. */
export const WITHOUT_SECRETS = {
    HOLDFAST_PASSPHRASE: undefined,
    HOLDFAST_PASSPHRASE_FILE: undefined,
    HOLDFAST_PASSPHRASE_COMMAND: undefined,
    HOLDFAST_KEY: undefined,
};
