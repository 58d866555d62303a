/** A login at Swift: got when it is needed, kept while it is valid, got anew once when the storage refuses it. */
import type {TargetAccess} from './access.ts';
import {type Clock, systemClock} from './clock.ts';
import {checkEndpoint} from './endpoint.ts';
import {loginAtKeystone} from './keystone.ts';
import type {SwiftCredentials} from './swift-credentials.ts';
import {loginByV1} from './swift-login.ts';

export interface Session {
  readonly token: string;
  /** Without a slash at its end. */
  readonly storageUrl: string;
  readonly renewAtMs: number;
  /** Which login it is, from 1. */
  readonly number: number;
}

/** A token is replaced when so much of its time is over. */
const RENEW_SHARE = 0.9;

export class Sessions {
  readonly #credentials: SwiftCredentials;
  readonly #access: TargetAccess;
  readonly #clock: Clock;
  #current: Session | undefined;
  #pending: Promise<Session> | undefined;
  /** Warnings are told once, not at each renewal. */
  #isWarned = false;
  /** How many logins there were. */
  logins = 0;
  /** The newest session that the storage took; 0 before any. */
  proven = 0;

  constructor(credentials: SwiftCredentials, access: TargetAccess) {
    this.#credentials = credentials;
    this.#access = access;
    this.#clock = access.clock ?? systemClock;
  }

  /** All who ask while a login is under way get that one: a wrong password is tried once, not once for each upload. */
  async get(signal: AbortSignal | undefined): Promise<Session> {
    signal?.throwIfAborted();
    const current = this.#current;
    if (current !== undefined && this.#clock.now() < current.renewAtMs) return current;
    this.#pending ??= this.#login().finally(() => {
      this.#pending = undefined;
    });
    return await untilAborted(this.#pending, signal);
  }

  /** The storage refused this session: the next call logs in. */
  forget(session: Session): void {
    if (this.#current === session) this.#current = undefined;
  }

  /** Under no caller's signal: others wait for it, too. The watchdog bounds it. */
  async #login(): Promise<Session> {
    const access = this.#isWarned ? {...this.#access, onWarning: undefined} : this.#access;
    const startedMs = this.#clock.now();
    const login =
      this.#credentials.kind === 'v1'
        ? await loginByV1(this.#credentials, access)
        : await loginAtKeystone(this.#credentials, access, undefined);
    const storage = checkEndpoint(login.storageUrl, {what: 'the storage', from: login.from}, access);
    this.#isWarned = true;
    this.#current = {
      number: ++this.logins,
      token: login.token,
      storageUrl: storage.href.replace(/\/+$/, ''),
      renewAtMs: startedMs + RENEW_SHARE * (login.validMs ?? Number.POSITIVE_INFINITY),
    };
    return this.#current;
  }
}

/** What a promise gives, unless the signal comes first; then the promise goes on for the others who wait for it. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, {once: true});
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
