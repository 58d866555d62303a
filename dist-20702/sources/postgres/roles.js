/** Makes the roles of a dump that a server lacks. Those that are there are never changed. */
import { SqlError } from './session.js';
/** @returns what could not be made, each as a sentence */
export async function makeMissingRoles(session, globals) {
    const present = new Set(await session.run('SELECT to_json(quote_ident(rolname)) FROM pg_roles'));
    const statements = globals.split('\n').map((line) => line.trim());
    const missing = statements
        .map((line) => /^CREATE ROLE (.+);$/.exec(line)?.[1])
        .filter((name) => name !== undefined && !present.has(name));
    const problems = [];
    for (const statement of statements.filter((line) => concerns(line, missing))) {
        try {
            await session.run(statement.slice(0, -1));
        }
        catch (error) {
            if (!(error instanceof SqlError))
                throw error;
            // The statement itself may hold a password's hash.
            problems.push(`A role is not as it was (${statement.split(' ').slice(0, 3).join(' ')}): ${error.message}.`);
        }
    }
    return problems;
}
/** Statements that make one of the missing roles what it was, or member of another. */
function concerns(statement, missing) {
    if (!statement.endsWith(';'))
        return false;
    return missing.some((name) => statement === `CREATE ROLE ${name};` ||
        statement.startsWith(`ALTER ROLE ${name} `) ||
        (/^GRANT .+ TO /.test(statement) && new RegExp(` TO ${escapeRegExp(name)}(?:[ ;]|$)`).test(statement)));
}
function escapeRegExp(text) {
    return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
