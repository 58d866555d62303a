/**
 * Thirty days of backups on a clock that the test sets, with everything that befalls a machine in that time. Every six hours here; each hour,
 * which takes some minutes: HOLDFAST_TEST_EVERY_HOURS=1 vitest run test/prune/month.test.ts
 */
import {cpSync, readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Retention} from '../../src/config/retention.ts';
import {HoldfastError} from '../../src/errors.ts';
import type {Target} from '../../src/targets/target.ts';
import {chances} from '../support/chances.ts';
import {CrashPoints} from '../support/crash-points.ts';
import {CutOffError} from '../support/faulty-target.ts';
import type {Machine} from '../support/machine.ts';
import {DAY_MS, HOUR_MS} from '../support/simulated-time.ts';
import {describeTree} from '../support/trees.ts';
import {edit, setUp, type World} from './world.ts';

const DAYS = 30;
const EVERY_HOURS = Number(process.env['HOLDFAST_TEST_EVERY_HOURS'] ?? 6);
const RUNS = (DAYS * 24) / EVERY_HOURS;
/** When an image of the machine is made, and when the machine is set back to it. */
const IMAGE_HOUR = 12 * 24;
const SET_BACK_HOUR = IMAGE_HOUR + 30;
/** For half a day a clone of that image backs up, too. */
const CLONE_HOUR = 21 * 24;
const RETENTION: Retention = {last: 3, hourly: 12, daily: 7, weekly: 2, fulls: 2};
const PACK_BYTES = 30_000;

/** What happened, so that a month in which nothing did is not taken for a good one. */
const counts = {backups: 0, killed: 0, prunesKilled: 0, beside: 0};

const some = (count: number): boolean => count > 2;

class Month {
  readonly #world: World;
  readonly #chance = chances(20_261_121);
  #edits = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async live(): Promise<void> {
    const {machine, time} = this.#world;
    const stateFolder = join(machine.folder, 'state');
    const image = join(machine.folder, 'image');
    for (let hour = 0; hour < DAYS * 24; hour += EVERY_HOURS) {
      if (hour === IMAGE_HOUR) cpSync(stateFolder, image, {recursive: true});
      if (hour === SET_BACK_HOUR) this.#setBack(stateFolder, image);
      edit(machine.source, this.#chance, {
        folders: 4,
        filesInEach: 8,
        mostBytes: 12_000,
        content: () => `edit ${this.#edits++}`,
      });
      await this.#backUp(hour % 168 === 0, hour > 0);
      if (hour >= CLONE_HOUR && hour < CLONE_HOUR + 12) await this.#asClone(stateFolder, image);
      if (hour % 24 === 6 && hour > 48) await this.#prune();
      time.pass(EVERY_HOURS * HOUR_MS);
    }
  }

  async #backUp(full: boolean, mayFail: boolean): Promise<void> {
    const {machine} = this.#world;
    const fate = mayFail ? this.#chance() : 1;
    if (fate < 0.08) return this.#killedBackup(full);
    const target = fate < 0.16 ? this.#withPruneBeside(machine.target) : machine.target;
    await this.#run(machine, full, target);
  }

  async #run(machine: Machine, full: boolean, target: Target): Promise<void> {
    const tree = describeTree(machine.source);
    try {
      const repository = {...machine.repository, target};
      const {id} = await machine.backup({full}, {}, {repository, packBytes: PACK_BYTES});
      this.#world.trees.set(String(id), tree);
      counts.backups++;
    } catch (error) {
      if (!(error instanceof HoldfastError && error.code === 'LOCKED')) throw error; // The next run makes up for it.
    }
  }

  async #killedBackup(full: boolean): Promise<void> {
    const {machine, trees} = this.#world;
    const points = new CrashPoints(1 + Math.floor(this.#chance() * 40));
    const tree = describeTree(machine.source);
    const before = new Set(
      (await machine.history()).sources.flatMap(({seals}) => seals.map(({hash}) => hash)),
    );
    try {
      const repository = {...machine.repository, target: points.target(machine.target)};
      const catalog = points.catalog(machine.catalog);
      const {id} = await machine.backup({full}, {}, {repository, catalog, packBytes: PACK_BYTES});
      trees.set(String(id), tree);
    } catch (error) {
      if (points.crashed === undefined && !(error instanceof CutOffError)) throw error;
      counts.killed++;
    }
    machine.openState();
    // It may have been killed right after its seal was stored.
    for (const {seals} of (await machine.history()).sources)
      for (const {hash, snapshot} of seals) if (!before.has(hash)) trees.set(String(snapshot.id), tree);
  }

  /** A prune that begins and ends while a backup is about to look for marks, or to seal. */
  #withPruneBeside(target: Target): Target {
    let left = Math.floor(this.#chance() * 12);
    const meanwhile = async (): Promise<void> => {
      if (left-- !== 0) return;
      counts.beside++;
      await this.#world.pruner.prune(RETENTION);
    };
    return {
      label: target.label,
      create: (options) => target.create(options),
      put: async (name, body, options) => {
        await meanwhile();
        await target.put(name, body, options);
      },
      replace: (name, body, options) => target.replace(name, body, options),
      get: (name, range, options) => target.get(name, range, options),
      stat: (name, options) => target.stat(name, options),
      list: async function* (prefix, options) {
        await meanwhile();
        yield* target.list(prefix, options);
      },
      listFolders: (prefix, options) => target.listFolders(prefix, options),
      remove: (name, options) => target.remove(name, options),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async #prune(): Promise<void> {
    const {machine, pruner} = this.#world;
    if (this.#chance() < 0.4) {
      const points = new CrashPoints(1 + Math.floor(this.#chance() * 30));
      try {
        await pruner.prune(RETENTION, {}, points.target(machine.target));
      } catch (error) {
        if (points.crashed === undefined) throw error;
        counts.prunesKilled++;
        this.#world.time.pass(HOUR_MS); // Until its lease is over.
      }
    }
    await pruner.prune(RETENTION);
  }

  #setBack(stateFolder: string, image: string): void {
    const {machine} = this.#world;
    machine.catalog[Symbol.dispose]();
    rmSync(stateFolder, {recursive: true});
    cpSync(image, stateFolder, {recursive: true});
    machine.openState();
  }

  /** The same agent with another memory. */
  async #asClone(stateFolder: string, image: string): Promise<void> {
    const {machine} = this.#world;
    const mine = join(machine.folder, 'mine');
    machine.catalog[Symbol.dispose]();
    cpSync(stateFolder, mine, {recursive: true});
    this.#swap(stateFolder, image);
    await this.#run(machine, false, machine.target);
    machine.catalog[Symbol.dispose]();
    rmSync(image, {recursive: true});
    cpSync(stateFolder, image, {recursive: true}); // What the clone remembers.
    this.#swap(stateFolder, mine);
    rmSync(mine, {recursive: true});
  }

  #swap(stateFolder: string, from: string): void {
    rmSync(stateFolder, {recursive: true});
    cpSync(from, stateFolder, {recursive: true});
    this.#world.machine.openState();
  }
}

// A11, D25, H1-H8
test('a month of backups, kills, prunes, an old image and a clone: what is kept comes back', async () => {
  await using world = await setUp();
  await new Month(world).live();
  const {machine, trees, pruner, time} = world;
  time.pass(2 * DAY_MS);
  await pruner.prune(RETENTION); // Sweeps what was marked last.

  const {sources, problems} = (await machine.elsewhere()).history;
  expect(problems).toEqual([]);
  const kept = sources.flatMap(({seals}) => seals.map(({snapshot}) => String(snapshot.id)));
  expect(await machine.verify({level: 'content'})).toMatchObject({
    ok: true,
    problems: [],
    snapshots: kept.length,
  });
  for (const id of kept) {
    const folder = await machine.restored(id);
    expect(describeTree(folder), id).toEqual(trees.get(id));
    rmSync(folder, {recursive: true});
  }
  // It was a month in which things happened, and in which prune did its work.
  expect(kept.length).toBeGreaterThan(10);
  expect(kept.length).toBeLessThan(60);
  expect(counts.backups).toBeGreaterThan(0.8 * RUNS);
  expect(counts).toMatchObject({
    killed: expect.toSatisfy(some),
    prunesKilled: expect.toSatisfy(some),
    beside: expect.toSatisfy(some),
  });
  // A run stores four objects or more; a generation that stays keeps the packs of all of its runs.
  const entries = readdirSync(machine.repositoryFolder, {recursive: true}).length;
  expect(entries).toBeLessThan(Math.max(40 * kept.length, 2 * RUNS));
}, 3_600_000);
