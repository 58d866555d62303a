/** Logs in at Keystone v3, and finds Swift in its catalog. */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { checkEndpoint } from './endpoint.js';
import { sendHttp } from './http.js';
import { loginError } from './swift-login.js';
import { TargetError } from './target.js';
const MOST_ANSWER_BYTES = 4 * 2 ** 20;
const answerSchema = z.object({
    token: z.object({
        issued_at: z.string().optional(),
        expires_at: z.string(),
        catalog: z
            .array(z.object({
            type: z.string(),
            endpoints: z.array(z.object({
                interface: z.string(),
                region_id: z.string().nullish(),
                region: z.string().nullish(),
                url: z.string(),
            })),
        }))
            .default([]),
    }),
});
/** @throws {@link TargetError}; {@link UsageError} where the catalog has no such Swift */
export async function loginAtKeystone(credentials, access, signal) {
    const { from } = credentials;
    const base = checkEndpoint(credentials.authUrl, { what: 'Keystone', from }, access);
    const url = `${base.href.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3/auth/tokens`;
    const what = `Cannot log in at Keystone (${base.host})`;
    const response = await sendHttp({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: Buffer.from(JSON.stringify(requestOf(credentials))),
        signal,
        what,
    });
    const token = response.headers.get('x-subject-token');
    if (response.status !== 201 || token === null)
        throw await loginError(response, what, from);
    const answer = answerSchema.safeParse(parseJson(await response.text(MOST_ANSWER_BYTES)));
    if (!answer.success) {
        throw new TargetError(`${what}: its answer is not one of Keystone v3.`, {
            transient: false,
            hint: `Check the address (${from}).`,
        });
    }
    const { expires_at, issued_at, catalog } = answer.data.token;
    return {
        token,
        storageUrl: credentials.storageUrl ?? endpointOf(catalog, credentials),
        from: credentials.storageUrl === undefined ? "Keystone's catalog" : from,
        validMs: issued_at === undefined ? undefined : Date.parse(expires_at) - Date.parse(issued_at),
    };
}
function requestOf({ identity, project }) {
    const { method, secret } = identity;
    const scope = project === undefined ? {} : { scope: { project } };
    if (method === 'password') {
        const password = { user: { ...identity.user, password: secret.reveal() } };
        return { auth: { identity: { methods: [method], password }, ...scope } };
    }
    if (method === 'token') {
        return { auth: { identity: { methods: [method], token: { id: secret.reveal() } }, ...scope } };
    }
    const who = 'id' in identity ? { id: identity.id } : { name: identity.name, user: identity.user };
    return {
        auth: { identity: { methods: [method], application_credential: { ...who, secret: secret.reveal() } } },
    };
}
function endpointOf(catalog, { region, interface: face, project, identity }) {
    const endpoints = catalog.filter(({ type }) => type === 'object-store').flatMap(({ endpoints }) => endpoints);
    if (endpoints.length === 0) {
        const unscoped = project === undefined && identity.method !== 'application_credential';
        throw new UsageError('The catalog of Keystone has no object storage (Swift) for these credentials.', {
            hint: unscoped
                ? 'Name the project: OS_PROJECT_NAME or OS_PROJECT_ID.'
                : 'Ask the provider whether the project has object storage.',
        });
    }
    const regionOf = (endpoint) => endpoint.region_id ?? endpoint.region ?? '';
    const ofFace = endpoints.filter((endpoint) => endpoint.interface === face);
    if (ofFace.length === 0) {
        throw new UsageError(`The catalog of Keystone has no ${face} interface of Swift.`, {
            hint: `Set OS_INTERFACE to one of ${unique(endpoints.map((endpoint) => endpoint.interface))}.`,
        });
    }
    const matching = ofFace.filter((endpoint) => region === undefined || regionOf(endpoint) === region);
    const regions = unique(ofFace.map(regionOf));
    if (matching.length === 0) {
        throw new UsageError(`The catalog of Keystone has no Swift in region "${region}".`, {
            hint: `Set OS_REGION_NAME to one of ${regions}.`,
        });
    }
    if (new Set(matching.map(({ url }) => url)).size > 1) {
        throw new UsageError('Swift is in several regions, and none is named.', {
            hint: `Set OS_REGION_NAME, or add ?region= to the address: one of ${regions}.`,
        });
    }
    return matching[0]?.url ?? '';
}
function unique(texts) {
    return [...new Set(texts)].sort().join(', ');
}
function parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined; // As wrong as any other answer.
    }
}
