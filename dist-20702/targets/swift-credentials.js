/** Finds out who we are for Swift: from `OS_*` or `ST_*` variables, or from clouds.yaml. */
import { UsageError } from '../errors.js';
import { Secret } from '../system/secret.js';
import { readCloud } from './clouds.js';
/** @throws {@link UsageError} where something is missing; KeyError for a file that others may read */
export async function findCredentials({ env }, choice) {
    const cloud = choice.cloud ?? nonEmpty(env['OS_CLOUD']);
    if (cloud !== undefined) {
        const { settings, file } = await readCloud(cloud, env);
        return fromSettings({ ...settings, ...given(choice) }, `cloud "${cloud}" in ${file}`);
    }
    if (nonEmpty(env['ST_AUTH']) !== undefined)
        return fromV1Variables(env);
    if (nonEmpty(env['OS_AUTH_URL']) !== undefined) {
        return fromSettings({ ...settingsOf(env), ...given(choice) }, 'OS_AUTH_URL');
    }
    throw new UsageError('There are no credentials for Swift.', {
        hint: 'Set OS_CLOUD (clouds.yaml), or OS_AUTH_URL and the other OS_* variables, or ST_AUTH, ST_USER and ST_KEY.',
    });
}
function given({ region, interface: face }) {
    return {
        ...(region !== undefined && { region_name: region }),
        ...(face !== undefined && { interface: face }),
    };
}
function fromV1Variables(env) {
    const need = (name) => {
        const value = nonEmpty(env[name]);
        if (value === undefined) {
            throw new UsageError(`ST_AUTH is set, but ${name} is not.`, {
                hint: 'Set ST_AUTH, ST_USER and ST_KEY, or unset ST_AUTH to use OS_*.',
            });
        }
        return value;
    };
    return {
        kind: 'v1',
        authUrl: need('ST_AUTH'),
        from: 'ST_AUTH',
        user: need('ST_USER'),
        key: new Secret(need('ST_KEY')),
    };
}
/** `OS_PROJECT_NAME` is `project_name`, and so on. */
function settingsOf(env) {
    const settings = {};
    for (const [name, value] of Object.entries(env)) {
        if (name.startsWith('OS_') && nonEmpty(value) !== undefined && value !== undefined) {
            settings[name.slice(3).toLowerCase()] = value;
        }
    }
    return settings;
}
function fromSettings(settings, from) {
    const read = reader(settings);
    const authUrl = read('auth_url');
    if (authUrl === undefined)
        throw missing('auth_url', from);
    const type = read('auth_type') ?? '';
    if (/^v?1(?:password)?$/.test(type) || read('identity_api_version')?.startsWith('1')) {
        const [user, key] = [read('username'), read('password')];
        if (user === undefined || key === undefined)
            throw missing('username and password', from);
        return { kind: 'v1', authUrl, from, user, key: new Secret(key) };
    }
    if (/^v2/.test(type) || read('identity_api_version')?.startsWith('2')) {
        throw new UsageError(`The credentials (${from}) are for version 2 of Keystone, which is no more.`, {
            hint: 'Use version 3.',
        });
    }
    const identity = identityOf(type, read, from);
    const hasOwnProject = identity.method === 'application_credential';
    return {
        kind: 'v3',
        authUrl,
        from,
        identity,
        project: hasOwnProject ? undefined : (named('project', read) ?? named('tenant', read)),
        region: read('region_name'),
        interface: (read('interface') ?? read('endpoint_type') ?? 'public').replace(/URL$/, ''),
        storageUrl: read('object_store_endpoint_override') ?? read('storage_url'),
    };
}
function identityOf(type, read, from) {
    const user = named('user', read);
    const id = read('application_credential_id');
    const name = read('application_credential_name');
    if (/applicationcredential$/.test(type) || (type === '' && (id ?? name) !== undefined)) {
        const secret = read('application_credential_secret');
        if (secret === undefined)
            throw missing('application_credential_secret', from);
        const method = 'application_credential';
        if (id !== undefined)
            return { method, id, secret: new Secret(secret) };
        if (name === undefined)
            throw missing('application_credential_id', from);
        if (user === undefined)
            throw missing('user_id (or username and its domain)', from);
        return { method, name, user, secret: new Secret(secret) };
    }
    const token = read('token') ?? read('auth_token');
    if (/token$/.test(type) || (type === '' && token !== undefined && read('password') === undefined)) {
        if (token === undefined)
            throw missing('token', from);
        return { method: 'token', secret: new Secret(token) };
    }
    const password = read('password');
    if (password === undefined)
        throw missing('password', from);
    if (user === undefined)
        throw missing('username', from);
    return { method: 'password', user, secret: new Secret(password) };
}
/** By id; else by name, within the domain that is named for it or for all. */
function named(what, read) {
    const id = read(`${what}_id`);
    if (id !== undefined)
        return { id };
    const name = what === 'user' ? read('username') : read(`${what}_name`);
    if (name === undefined)
        return undefined;
    const prefix = what === 'tenant' ? 'project' : what;
    const domainId = read(`${prefix}_domain_id`);
    const domainName = read(`${prefix}_domain_name`);
    if (domainId !== undefined)
        return { name, domain: { id: domainId } };
    if (domainName !== undefined)
        return { name, domain: { name: domainName } };
    return { name, domain: { id: read('default_domain_id') ?? read('default_domain') ?? 'default' } };
}
function reader(settings) {
    return (name) => nonEmpty(settings[name]);
}
function nonEmpty(value) {
    return value === '' ? undefined : value;
}
function missing(what, from) {
    const variable = `OS_${what.split(' ')[0]?.toUpperCase()}`;
    const where = from === 'OS_AUTH_URL' ? `set ${variable}` : `add it there`;
    return new UsageError(`The credentials for Swift (${from}) have no ${what}.`, {
        hint: `Complete them: ${where}.`,
    });
}
