import { type Finding } from './problems.ts';
import { type Environment } from './substitute.ts';
/** A YAML text with the places of its nodes. */
export interface ConfigDocument {
    /** The value with its environment variables filled in. Not yet checked against the schema. */
    readonly value: unknown;
    readonly findings: readonly Finding[];
    /** Where values start that hold something from the environment, which may be a secret: messages must not show it. */
    readonly filledIn: ReadonlySet<number>;
    position(offset: number): {
        line: number;
        column: number;
    };
    /** Where the value at a path starts, or its nearest ancestor. */
    offsetOf(path: readonly PropertyKey[]): number;
    /** Where a key of the mapping at a path starts. */
    offsetOfKey(path: readonly PropertyKey[], key: string): number;
}
/** Parses a config. Never throws: what is wrong with the text is in `findings`. */
export declare function parseConfigText(source: string, env: Environment): ConfigDocument;
