/** The kinds of values that a config is made of. */
import { z } from 'zod';
/** Runs a check that throws, and gives what it says as the message of the issue. */
export declare function checked(check: (text: string) => unknown): (context: z.core.ParsePayload<string>) => void;
/** The same for a check that gives the end of a sentence, and after a semicolon what to do. */
export declare function problemCheck(problem: (text: string) => string | undefined): (context: z.core.ParsePayload<string>) => void;
export declare const text: z.ZodString;
export declare const path: z.ZodString;
export declare const duration: z.ZodString;
export declare const rate: z.ZodString;
export declare const command: z.ZodUnion<readonly [z.ZodString, z.ZodTuple<[z.ZodString], z.ZodString>, z.ZodObject<{
    shell: z.ZodString;
}, z.core.$strict>]>;
export declare const full: z.ZodString;
export type CommandInput = z.infer<typeof command>;
/** What is wrong with a path, as the end of a sentence. */
export declare function pathProblem(value: string): string | undefined;
