/** Where this machine keeps what belongs to one repository: catalog, agent key, what it has seen. */
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../errors.js';
/** `$XDG_STATE_HOME/holdfast`, `/var/lib/holdfast` for root, or `~/.local/state/holdfast`. */
export function stateFolder(env) {
    const state = env['XDG_STATE_HOME'];
    if (state !== undefined && state !== '') {
        if (!isAbsolute(state))
            throw new UsageError(`XDG_STATE_HOME is not an absolute path: ${state}`, {
                hint: 'Correct or unset it.',
            });
        return join(state, 'holdfast');
    }
    if (userInfo().uid === 0)
        return '/var/lib/holdfast';
    return join(env['HOME'] || homedir(), '.local', 'state', 'holdfast');
}
export const catalogPath = (state, repositoryId) => join(state, repositoryId, 'catalog.db');
export const agentPath = (state, repositoryId) => join(state, repositoryId, 'agent.private.asc');
export const trustPath = (state, repositoryId) => join(state, repositoryId, 'seen.json');
/** Which repository was met at which address. */
export const knownPlacesPath = (state) => join(state, 'places');
