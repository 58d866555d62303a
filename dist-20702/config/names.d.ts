export declare const SOURCE_NAME_PATTERN = "^[a-z0-9][a-z0-9._-]{0,62}$";
export declare const TAG_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._:=@/+-]{0,63}$";
/** What is wrong with the name of a source, as the end of a sentence, or undefined. */
export declare function sourceNameProblem(name: string): string | undefined;
/** What is wrong with a tag, as the end of a sentence, or undefined. */
export declare function tagProblem(tag: string): string | undefined;
/** What is wrong with the name of a file in a snapshot, as the end of a sentence, or undefined. */
export declare function fileNameProblem(name: string): string | undefined;
