/** The program of an application has no use for what opens the history. */
export declare const WITHOUT_SECRETS: Record<string, undefined>;
