/**
 * Who owns the storage (TESTING.md D): holds all objects, knows every public key, and writes what is validly encrypted. With an
 * agent's private key in hand it is also the thief of a VM, whose word may be signed and still must do no harm.
 */
import {createHmac} from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {zstdCompressSync} from 'node:zlib';
import * as openpgp from 'openpgp';
import {newSession, unarmor, verifyMessage} from '../../src/crypto/message.ts';
import {literalHeader} from '../../src/crypto/packets.ts';
import {type Session, sealMessage} from '../../src/crypto/seipd.ts';
import {type RestoreOptions, type RestoreResult, restoreToFolder} from '../../src/operations/restore.ts';
import {type VerifyLevel, type VerifyResult, verify} from '../../src/operations/verify.ts';
import {type Agent, encryptionFingerprint, newAgent} from '../../src/repository/agent.ts';
import {type TrustedAgents, trustedAgents} from '../../src/repository/agents.ts';
import {type History, readHistory} from '../../src/repository/history.ts';
import {encodePackRecord, makeIndex} from '../../src/repository/index-object.ts';
import {
  type BlobId,
  type GenerationPlace,
  indexObject,
  type PackName,
  packObject,
  sealObject,
  sha256,
  snapshotObject,
} from '../../src/repository/layout.ts';
import {memberLength, type PackRecord, writeMemberHeader} from '../../src/repository/pack.ts';
import {openRepository} from '../../src/repository/repository.ts';
import {type CheckedSeal, makeSeal, parseSeal, type Seal} from '../../src/repository/seal.ts';
import {makeSnapshot, type Snapshot} from '../../src/repository/snapshot.ts';
import {selectSnapshot} from '../../src/repository/snapshots.ts';
import {encodeEntry, type TreeEntry} from '../../src/repository/tree.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import {FileTarget} from '../../src/targets/file.ts';
import type {Target} from '../../src/targets/target.ts';
import type {Machine} from './machine.ts';

/** A machine that only reads: a client with the private key, which remembers what it saw. */
export class Client {
  readonly folder: string;
  readonly memory: string;
  readonly #target: Target;
  readonly #key: openpgp.PrivateKey;

  constructor(target: Target, key: openpgp.PrivateKey, memoryFolder: string) {
    this.#target = target;
    this.#key = key;
    this.folder = mkdtempSync(join(memoryFolder, 'client-'));
    this.memory = join(this.folder, 'seen.json');
  }

  async look(approved: readonly string[] = []): Promise<{history: History; trusted: TrustedAgents}> {
    const repository = await openRepository(this.#target);
    const trust = new TrustFile(this.memory, repository.id);
    const trusted = await trustedAgents(repository, trust, approved);
    return {trusted, history: await readHistory(repository, trusted.keys, trust)};
  }

  /** What is wrong with the history, as `object: problem`. */
  async complaints(): Promise<string[]> {
    const {history} = await this.look();
    return history.problems.map(({object, problem}) => `${object}: ${problem}`);
  }

  async verify(level: VerifyLevel = 'content'): Promise<VerifyResult> {
    const {history, trusted} = await this.look();
    const repository = await openRepository(this.#target);
    return verify({repository, agents: trusted.keys, key: this.#key}, history, {level});
  }

  async restore(
    reference: string,
    options: Partial<RestoreOptions> = {},
  ): Promise<RestoreResult & {to: string}> {
    const {history, trusted} = await this.look();
    const repository = await openRepository(this.#target);
    const seal = selectSnapshot(history, reference);
    const source = history.sources.find((candidate) => candidate.source === seal.source);
    if (source === undefined) throw new Error('The selected seal has no history.');
    const to = join(mkdtempSync(join(this.folder, 'restore-')), 'to');
    const context = {repository, agents: trusted.keys, key: this.#key};
    return {...(await restoreToFolder(context, source, seal, to, {overwrite: 'never', ...options})), to};
  }
}

/** What a forged snapshot is made of; everything that is not given is as an honest writer would make it. */
export interface Forgery {
  /** Who signs; the attacker's own key by default. */
  readonly signer?: Agent;
  /** Lines of the root's listing, of one part or several. */
  readonly parts: readonly (readonly string[])[];
  /** Contents that lie in the pack, beside the listings. */
  readonly blobs?: readonly Uint8Array[];
  readonly total?: number;
  readonly pack?: (inner: readonly Uint8Array[], session: Session) => Uint8Array | Promise<Uint8Array>;
  /** The `.tar.zst`. */
  readonly content?: (frames: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly record?: (record: PackRecord) => PackRecord;
  readonly index?: (object: Buffer) => Buffer | Promise<Buffer>;
  readonly snapshot?: (snapshot: Snapshot) => Snapshot;
  /** Replaces the object, before the seal names it. */
  readonly snapshotObject?: (object: Buffer, session: Session) => Buffer | Promise<Buffer>;
  readonly seal?: (seal: Seal) => Seal;
}

export class Attacker {
  readonly folder: string;
  readonly machine: Machine;
  readonly #scratch: string;
  #own: Agent | undefined;

  /** Takes a copy of the machine's repository. */
  constructor(machine: Machine) {
    this.machine = machine;
    this.#scratch = mkdtempSync(join(machine.folder, 'attacker-'));
    this.folder = join(this.#scratch, 'repository');
    cpSync(machine.repositoryFolder, this.folder, {recursive: true});
  }

  get target(): Target {
    return new FileTarget(this.folder);
  }

  /** A client that has never seen the repository. */
  client(target: Target = this.target): Client {
    return new Client(target, this.machine.privateKey, this.#scratch);
  }

  /** A signing key of the attacker's own. */
  async own(): Promise<Agent> {
    this.#own ??= await newAgent(new Date(Date.now() - 1000));
    return this.#own;
  }

  /** Names of all objects that match, sorted. */
  objects(matching: RegExp = /./): string[] {
    return readdirSync(this.folder, {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .filter((name) => matching.test(name))
      .sort();
  }

  object(matching: RegExp): string {
    const [name] = this.objects(matching);
    if (name === undefined) throw new Error(`no object matches ${matching}`);
    return name;
  }

  read(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  write(name: string, bytes: Uint8Array | string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), {recursive: true});
    if (existsSync(path)) rmSync(path);
    writeFileSync(path, bytes);
  }

  remove(name: string): void {
    if (!statSync(join(this.folder, name)).isFile()) throw new Error(`${name} is no object`);
    rmSync(join(this.folder, name));
  }

  edit(name: string, change: (bytes: Buffer) => Uint8Array | string): void {
    this.write(name, change(this.read(name)));
  }

  /** Flips one bit; negative offsets count from the end. */
  flip(name: string, at: number): void {
    this.edit(name, (bytes) => {
      const place = at < 0 ? bytes.length + at : at;
      bytes[place] = (bytes[place] ?? 0) ^ 0x10;
      return bytes;
    });
  }

  swap(a: string, b: string): void {
    const [first, second] = [this.read(a), this.read(b)];
    this.write(a, second);
    this.write(b, first);
  }

  /** What a seal says; everybody can read it. */
  async sealPayload(name: string): Promise<Seal> {
    const bytes = await unarmor(this.read(name).toString('latin1'));
    const {data} = await verifyMessage(bytes, [this.machine.agent.key.toPublic()]);
    return parseSeal(Buffer.from(data).toString('utf8'));
  }

  /** The newest seal of a source, checked. */
  async newest(source = 'files'): Promise<CheckedSeal> {
    const {history} = await this.client().look([this.machine.agent.fingerprint]);
    const seal = history.sources.find((candidate) => candidate.source === source)?.seals.at(-1);
    if (seal === undefined) throw new Error(`${source} has no seal`);
    return seal;
  }

  /** Writes a seal where it says that it belongs. @returns its name */
  async putSeal(seal: Seal, signer: Agent): Promise<string> {
    const name = sealObject(seal, seal.sequence, seal.snapshot.id);
    this.write(name, (await makeSeal(seal, signer, new Date())).object);
    return name;
  }

  /** A next snapshot of the source, in its last generation, as somebody who knows its public key and its blob-id key would make it. */
  async forge(
    forgery: Forgery,
  ): Promise<{seal: Seal; objects: Record<'pack' | 'index' | 'snapshot' | 'seal', string>}> {
    const last = await this.newest();
    const place: GenerationPlace & {repository: string} = {
      repository: this.machine.repository.id,
      source: last.source,
      generation: last.generation,
    };
    const row = this.machine.catalog.generations.find(last.source, last.generation);
    if (row === undefined) throw new Error('the generation is not in the catalog');
    const signer = forgery.signer ?? (await this.own());
    const key = await openpgp.readKey({armoredKey: row.publicKey});
    const session = await newSession([key]);
    const now = new Date();
    const idOf = (blob: Uint8Array): BlobId =>
      createHmac('sha256', row.blobIdKey).update(blob).digest('hex') as BlobId;

    const trees = forgery.parts.map((lines) => Buffer.from(lines.map((line) => `${line}\n`).join('')));
    const frames = [...(forgery.blobs ?? []), ...trees].map((blob) => ({
      blob,
      raw: frameOf(idOf(blob), blob),
    }));
    const honest = [...frames.map(({raw}) => zstdCompressSync(raw)), zstdCompressSync(Buffer.alloc(1024))];
    const compressed = forgery.content?.(honest) ?? honest;
    const content = Buffer.concat(compressed);
    const inner = [literalHeader(content.length), content];
    const packBytes = (await forgery.pack?.(inner, session)) ?? sealMessage(session, inner);
    let offset = 0;
    const record: PackRecord = {
      pack: sha256(packBytes) as PackName,
      size: packBytes.length,
      kind: 'data',
      frames: frames.map(({blob, raw}, at) => {
        const size = compressed[at]?.length ?? 0;
        const frame = {offset, size, raw: raw.length, blobs: [[idOf(blob), blob.length] as const]};
        offset += size;
        return frame;
      }),
    };
    const records = [encodePackRecord(forgery.record?.(record) ?? record)];
    const made = await makeIndex(place, records, signer, await newSession([signer.key, key]), now);
    const indexBytes = (await forgery.index?.(made.object)) ?? made.object;
    const common = {
      ...place,
      agent: signer.fingerprint,
      sequence: last.sequence + 1,
      kind: 'incremental' as const,
      started: now.toISOString(),
      finished: now.toISOString(),
      tags: [],
      entries: {new: 0, changed: 0, unchanged: 0, removed: 0, total: forgery.total ?? 1000},
      bytes: {source: 0, read: 0, new: 0, stored: 0},
    };
    const root: TreeEntry = {
      name: Buffer.from('.'),
      type: 'directory',
      mode: 0o755,
      uid: 0,
      gid: 0,
      mtimeNs: 0n,
      tree: trees.map(idOf),
    };
    const snapshot: Snapshot = {
      ...common,
      parent: last.snapshot.id,
      host: 'forged',
      path: Buffer.from('/forged'),
      root,
      warnings: [],
      warningsOmitted: 0,
    };
    const {id, object} = await makeSnapshot(forgery.snapshot?.(snapshot) ?? snapshot, signer, session, now);
    const snapshotBytes = (await forgery.snapshotObject?.(object, session)) ?? object;
    const honestSeal: Seal = {
      ...common,
      previous: last.hash,
      generationKey: encryptionFingerprint(key),
      snapshot: {id, size: snapshotBytes.length, sha256: sha256(snapshotBytes)},
      warnings: 0,
      secrets: last.secrets,
      needs: {
        base: last.hash,
        packs: [[record.pack, packBytes.length]],
        index: [[sha256(indexBytes), indexBytes.length]],
        dropped: [],
      },
    };
    const seal = forgery.seal?.(honestSeal) ?? honestSeal;
    const objects = {
      pack: packObject(place, record.pack),
      index: indexObject(place, sha256(indexBytes)),
      snapshot: snapshotObject(place, id),
      seal: await this.putSeal(seal, signer),
    };
    this.write(objects.pack, packBytes);
    this.write(objects.index, indexBytes);
    this.write(objects.snapshot, snapshotBytes);
    return {seal, objects};
  }

  /** The id that the real generation gives a content. */
  blobId(content: Uint8Array, source = 'files'): BlobId {
    const [generation] = this.objects(new RegExp(`^${source}/[^/]+/generation.pgp$`)).map(
      (name) => name.split('/')[1],
    );
    const row = this.machine.catalog.generations.find(source, generation ?? '');
    if (row === undefined) throw new Error('the generation is not in the catalog');
    return createHmac('sha256', row.blobIdKey).update(content).digest('hex') as BlobId;
  }
}

/** A line of a listing; `more` may say what no honest writer would. */
export function line(name: string, more: Record<string, unknown> = {}): string {
  const honest = JSON.parse(
    encodeEntry({
      name: Buffer.from(name),
      type: 'file',
      mode: 0o644,
      uid: process.geteuid?.() ?? 0,
      gid: process.getegid?.() ?? 0,
      mtimeNs: 1_700_000_000_000_000_000n,
      size: 0,
      content: [],
    }),
  ) as Record<string, unknown>;
  return JSON.stringify({...honest, ...more});
}

function frameOf(id: BlobId, blob: Uint8Array): Buffer {
  const frame = Buffer.alloc(memberLength(blob.length));
  writeMemberHeader(frame, 0, id, blob.length);
  frame.set(blob, 512);
  return frame;
}
