/** Several places that hold the same backups: each fails, is killed or lies at any moment, and none forks or promises what it has not. */
import {cpSync, mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import type {HoldfastError} from '../../src/errors.ts';
import type {BackedUp, BackupOptions} from '../../src/operations/backup.ts';
import {backupToPlaces, type PlacesResult} from '../../src/operations/backup-places.ts';
import {Place} from '../../src/operations/place.ts';
import type {VerifyLevel} from '../../src/operations/verify.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {type Target, TargetError} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {CrashPoints, SavedState} from '../support/crash-points.ts';
import {describeTree} from '../support/describe-tree.ts';
import {faulty, recording} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {Pruner} from '../support/pruner.ts';

const NAMES = ['main', 'offsite'] as const;
type Name = (typeof NAMES)[number];

/** A machine whose backups go to two folders. */
class TwoPlaces implements AsyncDisposable {
  readonly machine: Machine;
  readonly met = new Set<string>();
  #runs = 0;

  private constructor(machine: Machine) {
    this.machine = machine;
  }

  static async create(): Promise<TwoPlaces> {
    const two = new TwoPlaces(await Machine.create());
    two.met.add(two.plain('main').label);
    two.edit();
    return two;
  }

  folder(name: Name): string {
    return name === 'main' ? this.machine.repositoryFolder : join(this.machine.folder, name);
  }

  plain(name: Name): Target {
    return new FileTarget(this.folder(name));
  }

  /** Something new to back up. */
  edit(): void {
    writeFileSync(join(this.machine.source, `file-${this.#runs++}`), `content ${this.#runs}`);
  }

  /** A run that ends, whatever fails. */
  async run(
    wrap: Partial<Record<Name, (target: Target) => Target>> = {},
    options: BackupOptions = {},
  ): Promise<PlacesResult & {places: Record<Name, Place>; made: BackedUp | undefined}> {
    const {machine, met} = this;
    machine.openState();
    machine.repository = {...machine.repository, target: this.plain('main')};
    const places = NAMES.map((name) => {
      const target = wrap[name]?.(this.plain(name)) ?? this.plain(name);
      return new Place(name, target, target.label);
    });
    const result = await backupToPlaces(
      {
        ...(await machine.context({packBytes: 20_000})),
        wasMet: (label) => met.has(label),
        met: (label) => met.add(label),
      },
      [{source: machine.sourceConfig(), places}],
      options,
    );
    const [main, offsite] = places as [Place, Place];
    return {...result, places: {main, offsite}, made: result.snapshots[0]};
  }

  async seals(name: Name): Promise<string[]> {
    const names = (await collect(this.plain(name).list(''))).map((object) => object.name);
    return names.filter((object) => object.includes('/seals/')).sort();
  }

  async verify(name: Name, level: VerifyLevel) {
    const before = this.machine.target;
    this.machine.target = this.plain(name);
    try {
      return await this.machine.verify({level});
    } finally {
      this.machine.target = before;
    }
  }

  /** Both places are whole, equal, and give back the source. */
  async expectEqual(): Promise<void> {
    expect(await this.seals('offsite')).toEqual(await this.seals('main'));
    for (const name of NAMES) {
      expect(await this.verify(name, 'content'), name).toMatchObject({ok: true, problems: []});
      const to = join(this.machine.folder, `restored-${name}-${this.#runs++}`);
      this.machine.target = this.plain(name);
      await this.machine.restore('latest', to);
      expect(describeTree(to)).toEqual(describeTree(this.machine.source));
    }
    this.machine.target = this.plain('main');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

/** A run makes no more calls of one kind before it stores its seal. */
const MOST_CALLS = 12;

const gone = (target: Target): Target =>
  faulty(
    target,
    (['create', 'put', 'replace', 'get', 'stat', 'list', 'listFolders', 'remove'] as const).map(
      (operation) => ({
        operation,
        call: 1,
        how: 'forever' as const,
      }),
    ),
  );
const error = (place: Place): HoldfastError | undefined => place.error;

test('what is read and encrypted once is stored in each place, byte for byte', async () => {
  await using two = await TwoPlaces.create();
  const main = recording(two.plain('main'));
  const {made, places} = await two.run({main: () => main.target});
  expect(made).toMatchObject({kind: 'full', warnings: []});
  expect(NAMES.map((name) => [...places[name].current])).toEqual([['files'], ['files']]);
  for (const {name} of await collect(two.plain('offsite').list('')))
    expect(await collect(two.plain('offsite').get(name)), name).toEqual(
      await collect(two.plain('main').get(name)),
    );
  // Packs are not read back: only the seal is, and what is read before each backup.
  expect(main.calls.filter(({operation, name}) => operation === 'get' && name.includes('/packs/'))).toEqual(
    [],
  );
  await two.expectEqual();
});

describe('a place that fails', () => {
  // B1
  test.each(NAMES)(
    '%s is away: the other gets the backup, and the next run brings it up to date',
    async (away) => {
      await using two = await TwoPlaces.create();
      await two.run();
      for (let i = 0; i < 2; i++) {
        two.edit();
        const {made, places} = await two.run({[away]: gone});
        expect(made).toMatchObject({kind: 'incremental', warnings: []});
        expect(error(places[away])).toMatchObject({code: 'TARGET'});
        expect(places[away].current.size).toBe(0);
      }
      two.edit();
      const {places} = await two.run();
      expect(NAMES.map((name) => error(places[name]))).toEqual([undefined, undefined]);
      expect(places[away].snapshotsCopied).toBeGreaterThanOrEqual(2);
      await two.expectEqual();
      expect(await two.seals('main')).toHaveLength(4);
    },
  );

  // B1, B5, INV1, INV4
  test.each(
    NAMES.flatMap((name) =>
      (
        [
          ['put', 'once'],
          ['put', 'afterDoing'],
          ['get', 'once'],
          ['stat', 'once'],
          ['list', 'once'],
        ] as const
      ).map(([operation, how]) => [name, operation, how] as const),
    ),
  )(
    '%s, at each %s (%s): no seal without its objects, no fork, and the next run heals it',
    async (name, operation, how) => {
      await using two = await TwoPlaces.create();
      await two.run();
      for (let call = 1; ; call++) {
        two.edit();
        let happened = false;
        const fault = {
          operation,
          how,
          call,
          error: () => {
            happened = true;
            return new TargetError('Planned fault.', {transient: false});
          },
        };
        const {made, failures} = await two.run({[name]: (target: Target) => faulty(target, [fault])});
        expect(made === undefined, `call ${call}`).toBe(failures.length > 0);
        for (const place of NAMES)
          expect(await two.verify(place, 'structure'), `${place} after call ${call}`).toMatchObject({
            ok: true,
            problems: [],
          });
        two.edit();
        const {places} = await two.run();
        expect(NAMES.map((place) => error(places[place]))).toEqual([undefined, undefined]);
        expect(await two.seals('offsite'), `call ${call}`).toEqual(await two.seals('main'));
        // Each run reads the seals of all runs before it: of reads there is always one more.
        if (!happened || call === MOST_CALLS) break;
      }
      await two.expectEqual();
    },
  );
});

// A16, A9
test('a run that is killed at any write to either place: nothing is promised that is not there, and the next run converges', async () => {
  await using two = await TwoPlaces.create();
  await two.run();
  for (let at = 1; ; at++) {
    const points = new CrashPoints(at);
    two.edit();
    await two
      .run({main: (target) => points.target(target), offsite: (target) => points.target(target)})
      .catch((cause: unknown) => {
        if (points.crashed === undefined) throw cause;
      });
    for (const place of NAMES)
      expect(await two.verify(place, 'structure'), `${place}, ${points.crashed}`).toMatchObject({
        ok: true,
        problems: [],
      });
    if (points.crashed === undefined) break;
    two.edit();
    const {places} = await two.run(at % 2 === 0 ? {main: gone} : {});
    expect(error(places.offsite), points.crashed).toBeUndefined();
  }
  two.edit();
  await two.run();
  await two.expectEqual();
});

describe('no fork', () => {
  test('a seal whose answer was lost, in a place that is away now: no other place goes on without asking it', async () => {
    await using two = await TwoPlaces.create();
    await two.run();
    two.edit();
    const lost = await two.run({
      main: (target) => faulty(target, [{operation: 'put', matching: /seals/, call: 1, how: 'afterDoing'}]),
    });
    expect(lost.failures).toMatchObject([{error: {code: 'TARGET'}}]);
    const away = await two.run({main: gone});
    expect(away.failures).toMatchObject([{error: {code: 'TARGET'}}]);
    expect(await two.seals('offsite')).toHaveLength(1);
    expect((await two.run()).made).toMatchObject({sequence: 3});
    await two.expectEqual();
  });

  test('before a first snapshot, only the first place knows whether there was a history', async () => {
    await using two = await TwoPlaces.create();
    const {failures} = await two.run({main: gone});
    expect(failures).toMatchObject([{error: {code: 'TARGET'}}]);
    expect(await two.seals('offsite')).toEqual([]);
  });
});

// D5, D7
test.each(NAMES)(
  '%s was rolled back: told, left alone, and mended when the operator says so',
  async (name) => {
    await using two = await TwoPlaces.create();
    await two.run();
    const saved = join(two.machine.folder, 'saved');
    cpSync(two.folder(name), saved, {recursive: true});
    two.edit();
    await two.run();
    rmSync(two.folder(name), {recursive: true});
    renameSync(saved, two.folder(name));
    two.edit();
    const {made, places} = await two.run();
    expect(made).toMatchObject({sequence: 3});
    expect(error(places[name])).toMatchObject({code: 'TAMPERED', exitCode: 4});
    expect(await two.seals(name)).toHaveLength(1);
    two.edit();
    expect(error((await two.run({}, {acceptHistory: true})).places[name])).toBeUndefined();
    await two.expectEqual();
  },
);

// C6, C7
test.each(NAMES)(
  'an old image of the machine goes on where %s was pruned meanwhile: that is no rollback',
  async (name) => {
    await using two = await TwoPlaces.create();
    const {machine} = two;
    await two.run();
    const image = new SavedState(machine);
    for (const full of [true, false]) {
      two.edit();
      await two.run({}, {full});
    }
    const {swept} = await new Pruner(machine).prune({last: 1}, {graceMs: 0}, two.plain(name));
    expect(swept.generations).toBe(1);
    image.restore(['state']);
    two.edit();
    const {made, places, failures} = await two.run();
    expect([failures, error(places.main), error(places.offsite)]).toEqual([[], undefined, undefined]);
    expect(made).toMatchObject({sequence: 4});
    for (const place of NAMES)
      expect(await two.verify(place, 'content'), place).toMatchObject({ok: true, problems: []});
    expect((await two.seals('main')).at(-1)).toBe((await two.seals('offsite')).at(-1));
  },
);

// B14, B19
test('a place that held the backups and is empty now is not made anew; one that nobody met is', async () => {
  await using two = await TwoPlaces.create();
  await two.run();
  rmSync(two.folder('offsite'), {recursive: true});
  mkdirSync(two.folder('offsite'));
  const {made, places} = await two.run();
  expect(made).toMatchObject({sequence: 2});
  expect(error(places.offsite)).toMatchObject({code: 'NO_REPOSITORY'});
  two.met.delete(places.offsite.label);
  expect(error((await two.run({}, {acceptHistory: true})).places.offsite)).toBeUndefined();
  await two.expectEqual();
});

test('another repository in a place is refused', async () => {
  await using two = await TwoPlaces.create();
  await using other = await Machine.create();
  cpSync(other.repositoryFolder, two.folder('offsite'), {recursive: true});
  const {made, places} = await two.run();
  expect(made).toBeDefined();
  expect(error(places.offsite)).toMatchObject({code: 'NO_REPOSITORY', exitCode: 10});
});
