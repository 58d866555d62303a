export type Environment = Readonly<Record<string, string | undefined>>;
/** What is wrong with the references in a text, each as a sentence without its end, and advice. */
export declare function referenceProblems(text: string, env: Environment): {
    what: string;
    advice?: string;
}[];
/** The text with the values of its references; those that {@link referenceProblems} complains about stay. */
export declare function substitute(text: string, env: Environment): string;
/** Whether substitution has something to do. */
export declare function hasReferences(text: string): boolean;
/** The text, so written that {@link substitute} gives it back. */
export declare function escapeReferences(text: string): string;
