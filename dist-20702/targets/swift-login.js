import { checkEndpoint } from './endpoint.js';
import { sendHttp } from './http.js';
import { retryDetails } from './http-errors.js';
import { TargetError } from './target.js';
/** @throws {@link TargetError} */
export async function loginByV1({ authUrl, user, key, from }, access) {
    const url = checkEndpoint(authUrl, { what: 'the login', from }, access);
    const what = `Cannot log in at ${url.host}`;
    const response = await sendHttp({
        method: 'GET',
        url: url.href,
        headers: { 'x-auth-user': user, 'x-auth-key': key.reveal() },
        what,
    });
    const token = response.headers.get('x-auth-token');
    const storageUrl = response.headers.get('x-storage-url');
    if (response.status > 299 || token === null || storageUrl === null) {
        throw await loginError(response, what, from);
    }
    await response.discard();
    const expires = Number(response.headers.get('x-auth-token-expires'));
    return { token, storageUrl, from: 'the login', validMs: expires > 0 ? expires * 1000 : undefined };
}
/** Why a login failed, by its answer. */
export async function loginError(response, what, from) {
    await response.discard();
    const { status, headers } = response;
    const [problem, hint] = status === 401
        ? ['the credentials are refused (401)', `Check user, project, domains and secret (${from}).`]
        : status === 403
            ? ['access is denied (403)', 'Check that the user has a role in this project.']
            : status < 300
                ? ['the answer holds no token', `Check the address (${from}).`]
                : status < 400
                    ? [`it redirects to another address (${status})`, `Give that address itself (${from}).`]
                    : status === 404
                        ? ['there is no login at this address (404)', `Check the address (${from}).`]
                        : [`the server says ${status}`, undefined];
    return new TargetError(`${what}: ${problem}.`, { ...retryDetails(status, headers, 0), hint });
}
