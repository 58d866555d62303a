/**
 * Splits a command into words without a shell: blanks separate, single and double quotes and the backslash keep
 * things together, as in POSIX sh. Anything else that a shell would act on is refused unless it is quoted.
 * @throws {@link ConfigError}
 */
export declare function splitWords(command: string): [string, ...string[]];
