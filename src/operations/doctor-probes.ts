/** What is tried on a storage, one promise at a time (src/targets/target.ts). Everything happens below a scratch prefix. */
import {randomBytes} from 'node:crypto';
import {readObject} from '../targets/read.ts';
import {
  ObjectExistsError,
  type ObjectInfo,
  ObjectMissingError,
  type ObjectName,
  type Target,
  TargetError,
} from '../targets/target.ts';

export interface Bench {
  readonly target: Target;
  /** Ends in `/`. */
  readonly prefix: string;
  readonly now: () => Date;
  /** Whether the store keeps what is overwritten or removed. */
  readonly keepsOld: boolean;
  /** A folder of this machine: there are no credentials that could be lesser ones. */
  readonly isFolder: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface Finding {
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; where it is ok, what would be better still. */
  readonly hint?: string;
}

export interface Probe {
  readonly name: string;
  /** Whether Holdfast cannot do without it; otherwise it is good to know. */
  readonly required: boolean;
  readonly run: (bench: Bench) => Promise<Finding>;
}

const MIB = 2 ** 20;
const PACK_BYTES = 16 * MIB;
const WRITERS = 8;
const CLOCK_MS = 5 * 60_000;
const UNUSABLE = 'Do not keep backups there: ask the provider, and try again.';

const good = (detail: string): Finding => ({ok: true, detail});
const inFolder = (what: string): Finding => ({
  ok: true,
  detail: `This machine can ${what} what is stored, as in any folder of its own.`,
  hint: 'Keep a copy where it cannot reach (docs/operations.md#a-copy-elsewhere).',
});
const bad = (detail: string, hint = UNUSABLE): Finding => ({ok: false, detail, hint});

export const PROBES: readonly Probe[] = [
  {name: 'gives back what was stored', required: true, run: givesBack},
  {name: 'shows at once what is stored', required: true, run: showsAtOnce},
  {name: 'keeps names as they are', required: true, run: keepsNames},
  {name: 'gives parts of objects', required: true, run: givesParts},
  {name: 'says what is not there', required: true, run: saysMissing},
  {name: 'overwrites nothing', required: true, run: overwritesNothing},
  {name: 'keeps nothing of what broke off', required: true, run: keepsNothingCutOff},
  {name: 'lets one of several writers win', required: false, run: oneWriterWins},
  {name: 'has the same time', required: false, run: hasSameTime},
];

/** For `--thorough`: these take a minute or two. */
export const THOROUGH_PROBES: readonly Probe[] = [
  {name: 'lists in pages', required: true, run: listsInPages},
  {name: 'keeps 128 MiB', required: true, run: keepsLarge},
];

/** What the credentials permit. A machine that backs up should not be able to remove what it stored. */
export const RIGHTS: readonly Probe[] = [
  {name: 'cannot overwrite', required: false, run: cannotOverwrite},
  {name: 'cannot remove', required: false, run: cannotRemove},
];

async function givesBack({target, prefix, signal}: Bench): Promise<Finding> {
  for (const sizeBytes of [0, 1, MIB]) {
    const problem = await storeAndRead(target, `${prefix}size/${sizeBytes}`, randomBytes(sizeBytes), signal);
    if (problem !== undefined) return bad(problem);
  }
  const body = randomBytes(PACK_BYTES);
  const begun = performance.now();
  await target.put(`${prefix}pack`, body, {signal});
  const stored = performance.now();
  const bytes = await readObject(target, `${prefix}pack`, {maxBytes: 2 * PACK_BYTES, signal});
  const read = performance.now();
  if (Buffer.compare(bytes, body) !== 0) return bad('16 MiB came back altered.');
  return good(`0 bytes to 16 MiB; ${rate(stored - begun)} up, ${rate(read - stored)} down.`);
}

async function keepsLarge({target, prefix, signal}: Bench): Promise<Finding> {
  const problem = await storeAndRead(target, `${prefix}large`, randomBytes(128 * MIB), signal);
  return problem === undefined ? good('It came back as it was.') : bad(problem);
}

async function showsAtOnce({target, prefix, signal}: Bench): Promise<Finding> {
  for (let i = 0; i < 5; i++) {
    const name = `${prefix}shown/${i}/object`;
    await target.put(name, randomBytes(10 + i), {signal});
    const listed = (await listAll(target, `${prefix}shown/`, signal)).find((info) => info.name === name);
    const found = await target.stat(name, {signal});
    if (found?.sizeBytes !== 10 + i) return bad('An object was not there right after it was stored.');
    if (listed?.sizeBytes !== 10 + i)
      return bad('A listing did not show an object right after it was stored.');
  }
  const folders: string[] = [];
  for await (const folder of target.listFolders(`${prefix}shown/`, {signal})) folders.push(folder);
  return folders.sort().join() === '0,1,2,3,4'
    ? good('In listings, too.')
    : bad('Folders are listed wrongly.');
}

async function keepsNames({target, prefix, signal}: Bench): Promise<Finding> {
  const names = ['größe/日本語', '100%/a%2Fb', 'blank in it/+&', 'Case', 'case', 'e\u0301', '\u00e9'];
  for (const name of names) await target.put(`${prefix}names/${name}`, Buffer.from(name), {signal});
  const listed = (await listAll(target, `${prefix}names/`, signal)).map(({name}) => name);
  for (const name of names) {
    if (!listed.includes(`${prefix}names/${name}`)) return bad(`"${name}" became another name.`);
    const bytes = await readObject(target, `${prefix}names/${name}`, {maxBytes: 1000, signal});
    if (Buffer.from(bytes).toString() !== name) return bad(`"${name}" is taken for another name.`);
  }
  return good('Blanks, %, Unicode, upper and lower case.');
}

async function givesParts({target, prefix, signal}: Bench): Promise<Finding> {
  const body = randomBytes(100_000);
  await target.put(`${prefix}parts`, body, {signal});
  const range = {offset: 65_000, length: 1000};
  const part = await readObject(target, `${prefix}parts`, {maxBytes: MIB, range, signal});
  if (Buffer.compare(part, body.subarray(65_000, 66_000)) !== 0) return bad('A part came back altered.');
  const beyond = {offset: 99_999, length: 2};
  const outcome = await outcomeOf(
    readObject(target, `${prefix}parts`, {maxBytes: MIB, range: beyond, signal}),
  );
  return outcome instanceof TargetError
    ? good('And refuses what lies beyond the end.')
    : bad('It gave more than there is.');
}

async function saysMissing({target, prefix, signal}: Bench): Promise<Finding> {
  const name = `${prefix}missing`;
  if ((await target.stat(name, {signal})) !== undefined) return bad('An object is there that nobody stored.');
  const outcome = await outcomeOf(readObject(target, name, {maxBytes: MIB, signal}));
  if (outcome instanceof ObjectMissingError) return good('Plainly.');
  return bad('Reading what is not there ends in something else than "not there".');
}

async function overwritesNothing({target, prefix, signal}: Bench): Promise<Finding> {
  const name = `${prefix}once`;
  await target.put(name, Buffer.from('first'), {signal});
  const outcome = await outcomeOf(target.put(name, Buffer.from('second'), {signal}));
  const kept = Buffer.from(await readObject(target, name, {maxBytes: 1000, signal})).toString();
  if (kept !== 'first') return bad('An object was overwritten.');
  return outcome instanceof ObjectExistsError
    ? good('A name that is taken is refused.')
    : bad('A name that is taken is not refused.');
}

async function oneWriterWins({target, prefix, signal}: Bench): Promise<Finding> {
  const writers = Array.from({length: WRITERS}, (_, i) =>
    outcomeOf(target.put(`${prefix}race`, Buffer.alloc(100_000, i + 1), {signal})),
  );
  const winners = (await Promise.all(writers)).filter((outcome) => outcome === undefined).length;
  if (winners === 1) return good(`One of ${WRITERS}.`);
  return {
    ok: true,
    detail: `${winners} of ${WRITERS} writers of one name were told that they won. Holdfast does not count on it: its names are unique.`,
  };
}

async function keepsNothingCutOff({target, prefix, signal}: Bench): Promise<Finding> {
  const body = randomBytes(PACK_BYTES);
  for (const afterMs of [0, 5, 20]) {
    const name = `${prefix}cut/${afterMs}`;
    const limit = AbortSignal.timeout(afterMs);
    const signals = signal === undefined ? [limit] : [limit, signal];
    const outcome = await outcomeOf(target.put(name, body, {signal: AbortSignal.any(signals)}));
    signal?.throwIfAborted();
    const found = await target.stat(name, {signal});
    if (outcome !== undefined && found !== undefined && found.sizeBytes !== body.length)
      return bad(`${found.sizeBytes} of ${body.length} bytes were kept of an upload that broke off.`);
  }
  return good('Uploads that break off leave nothing.');
}

async function hasSameTime({target, prefix, now, signal}: Bench): Promise<Finding> {
  const name = `${prefix}clock`;
  await target.put(name, Buffer.from('now'), {signal});
  const differenceMs = ((await target.stat(name, {signal}))?.modifiedMs ?? 0) - now().getTime();
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  if (Math.abs(differenceMs) <= CLOCK_MS) return good(`It differs by ${seconds} s.`);
  const which = differenceMs > 0 ? 'ahead' : 'behind';
  return bad(
    `The storage is ${seconds} s ${which}.`,
    'Set the clock of this machine (timedatectl set-ntp true).',
  );
}

async function listsInPages({target, prefix, signal}: Bench): Promise<Finding> {
  const total = 2100;
  const queue = Array.from({length: total}, (_, i) => `${prefix}many/${i % 7}/${i}`).values();
  await Promise.all(
    Array.from({length: WRITERS}, async () => {
      for (const name of queue) await target.put(name, Buffer.from(name), {signal});
    }),
  );
  const names = new Set((await listAll(target, `${prefix}many/`, signal)).map(({name}) => name));
  return names.size === total
    ? good(`${total} objects.`)
    : bad(`${names.size} of ${total} objects were listed.`);
}

async function cannotOverwrite({target, prefix, keepsOld, isFolder, signal}: Bench): Promise<Finding> {
  const name = `${prefix}once`;
  const outcome = await outcomeOf(target.replace(name, Buffer.from('again'), {signal}));
  if (isRefusal(outcome)) return good('These credentials cannot overwrite.');
  if (keepsOld) return good('These credentials can overwrite, but what was there is kept.');
  if (isFolder) return inFolder('overwrite');
  return bad(
    'These credentials can overwrite what is stored.',
    'Keep versions of objects, or lock them (docs/targets.md): against a stolen machine, rights alone do not help.',
  );
}

async function cannotRemove({target, prefix, isFolder, signal}: Bench): Promise<Finding> {
  const name = `${prefix}parts`;
  const outcome = await outcomeOf(target.remove(name, {signal}));
  if (isRefusal(outcome) || (await target.stat(name, {signal})) !== undefined)
    return good('These credentials cannot remove.');
  if (isFolder) return inFolder('remove');
  return bad(
    'These credentials can remove what is stored.',
    'On a machine that backs up, use credentials that cannot: see --policy writer.',
  );
}

async function storeAndRead(
  target: Target,
  name: ObjectName,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  await target.put(name, body, {signal});
  const bytes = await readObject(target, name, {maxBytes: body.length + MIB, signal});
  return Buffer.compare(bytes, body) === 0 ? undefined : `${body.length} bytes came back altered.`;
}

async function listAll(
  target: Target,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of target.list(prefix, {signal})) found.push(info);
  return found;
}

/** What a promise is rejected with, where that is an answer; undefined if it is kept. */
async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** @throws what is no answer to the question whether it is permitted */
function isRefusal(outcome: unknown): boolean {
  if (outcome === undefined) return false;
  if (outcome instanceof TargetError && !outcome.transient) return true;
  throw outcome;
}

function rate(ms: number): string {
  return `${(PACK_BYTES / 1000 / Math.max(ms, 1)).toFixed(0)} MB/s`;
}
