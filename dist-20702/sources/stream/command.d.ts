/** The output of a command, and standard input, as sources. */
import type { CommandSourceConfig, StdinSourceConfig } from '../../config/sources.ts';
import type { Dump, DumpContext } from './dump.ts';
export declare function dumpCommand(source: CommandSourceConfig, context: DumpContext): Dump;
/** @param input what comes from outside; whether its writer succeeded cannot be known here */
export declare function dumpInput({ file }: StdinSourceConfig, input: AsyncIterable<Uint8Array>): Dump;
