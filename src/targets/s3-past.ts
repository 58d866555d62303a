import {checkRange} from './file-read.ts';
import {checkObjectName, checkPrefix, isObjectName} from './object-name.ts';
import {below, decoder, lastComponent} from './s3-list.ts';
import {readPieces} from './s3-read.ts';
import type {S3Requests} from './s3-requests.ts';
import {type Moment, type S3Version, versionAt, versionPages, versionsOf} from './s3-versions.ts';
import {
  type ByteRange,
  type CallOptions,
  type ObjectInfo,
  ObjectMissingError,
  type ObjectName,
  type Target,
  TargetError,
} from './target.ts';

/**
 * A versioned bucket as it was: removals and overwritings after a moment do not count. Objects are never rewritten, so the first
 * version of each is the right one, whatever somebody did to it later.
 */
export class S3PastTarget implements Target {
  readonly label: string;
  readonly #requests: S3Requests;
  readonly #root: string;
  readonly #moment: Moment;
  readonly #stallMs: number;

  /** @param root what the keys of the repository begin with */
  constructor(requests: S3Requests, root: string, {moment, stallMs}: {moment: Moment; stallMs: number}) {
    this.label = requests.label;
    this.#requests = requests;
    this.#root = root;
    this.#moment = moment;
    this.#stallMs = stallMs;
  }

  async create(): Promise<void> {
    throw this.#readOnly();
  }

  async put(): Promise<void> {
    throw this.#readOnly();
  }

  async replace(): Promise<void> {
    throw this.#readOnly();
  }

  async remove(): Promise<void> {
    throw this.#readOnly();
  }

  async *get(name: ObjectName, range?: ByteRange, {signal}: CallOptions = {}): AsyncIterable<Uint8Array> {
    if (range !== undefined) checkRange(range);
    const version = await this.#find(name, 'read', signal);
    if (version === undefined) throw new ObjectMissingError(this.label, name);
    yield* readPieces(this.#requests, this.#root + name, {
      name,
      range,
      version: version.id,
      sizeBytes: version.sizeBytes,
      stallMs: this.#stallMs,
      signal,
    });
  }

  async stat(name: ObjectName, {signal}: CallOptions = {}): Promise<ObjectInfo | undefined> {
    const version = await this.#find(name, 'look for', signal);
    return version && toInfo(version);
  }

  async *list(prefix: string, {signal}: CallOptions = {}): AsyncIterable<ObjectInfo> {
    checkPrefix(prefix);
    const deed = {verb: 'list', object: prefix, signal};
    for await (const versions of versionsOf(this.#requests, this.#root, prefix, deed)) {
      const version = versionAt(versions, this.#moment);
      if (version !== undefined && isObjectName(version.name)) yield toInfo(version);
    }
  }

  async *listFolders(prefix: string, {signal}: CallOptions = {}): AsyncIterable<string> {
    checkPrefix(prefix);
    const question = {Prefix: this.#root + prefix, Delimiter: '/'};
    for await (const page of versionPages(this.#requests, question, {verb: 'list', object: prefix, signal})) {
      const decode = decoder(page.EncodingType);
      for (const {Prefix = ''} of page.CommonPrefixes ?? []) {
        for (const folder of lastComponent(below(this.#root, decode(Prefix)))) {
          if (isObjectName(`${prefix}${folder}/x`)) yield folder;
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#requests.close();
  }

  async #find(
    name: ObjectName,
    verb: string,
    signal: AbortSignal | undefined,
  ): Promise<S3Version | undefined> {
    checkObjectName(name);
    const deed = {verb, object: name, signal};
    for await (const versions of versionsOf(this.#requests, this.#root, name, deed)) {
      if (versions[0]?.name === name) return versionAt(versions, this.#moment);
      return undefined; // Keys come in order: this one would be the first.
    }
    return undefined;
  }

  #readOnly(): TargetError {
    return new TargetError(`${this.label} shows the past, and takes nothing new.`, {
      transient: false,
      hint: 'Take "at" out of the URL to write.',
    });
  }
}

function toInfo({name, sizeBytes = 0, modifiedMs}: S3Version): ObjectInfo {
  return {name, sizeBytes, modifiedMs};
}
