import { systemClock } from './clock.js';
import { checkEndpoint } from './endpoint.js';
import { loginAtKeystone } from './keystone.js';
import { loginByV1 } from './swift-login.js';
/** A token is replaced when so much of its time is over. */
const RENEW_SHARE = 0.9;
export class Sessions {
    #credentials;
    #access;
    #clock;
    #current;
    #pending;
    /** Warnings are told once, not at each renewal. */
    #isWarned = false;
    constructor(credentials, access) {
        this.#credentials = credentials;
        this.#access = access;
        this.#clock = access.clock ?? systemClock;
    }
    /** All who ask while a login is under way get that one: a wrong password is tried once, not once for each upload. */
    async get(signal) {
        signal?.throwIfAborted();
        const current = this.#current;
        if (current !== undefined && this.#clock.now() < current.renewAtMs)
            return current;
        this.#pending ??= this.#login().finally(() => {
            this.#pending = undefined;
        });
        return await this.#pending;
    }
    /** The storage refused this session: the next call logs in. */
    forget(session) {
        if (this.#current === session)
            this.#current = undefined;
    }
    /** Under no caller's signal: others wait for it, too. The watchdog bounds it. */
    async #login() {
        const access = this.#isWarned ? { ...this.#access, onWarning: undefined } : this.#access;
        const startedMs = this.#clock.now();
        const login = this.#credentials.kind === 'v1'
            ? await loginByV1(this.#credentials, access)
            : await loginAtKeystone(this.#credentials, access, undefined);
        const storage = checkEndpoint(login.storageUrl, { what: 'the storage', from: login.from }, access);
        this.#isWarned = true;
        this.#current = {
            token: login.token,
            storageUrl: storage.href.replace(/\/+$/, ''),
            renewAtMs: startedMs + RENEW_SHARE * (login.validMs ?? Number.POSITIVE_INFINITY),
        };
        return this.#current;
    }
}
