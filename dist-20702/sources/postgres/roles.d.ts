/** Makes the roles of a dump that a server lacks. Those that are there are never changed. */
import { type PostgresSession } from './session.ts';
/** @returns what could not be made, each as a sentence */
export declare function makeMissingRoles(session: PostgresSession, globals: string): Promise<string[]>;
