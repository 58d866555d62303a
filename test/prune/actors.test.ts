/**
 * Random actors on one repository, and a model of what must be in it: who backs up, who prunes, who repacks and pins, each killed now and then, and one in the midst of another.
 * A few seeds here; new ones for some minutes: HOLDFAST_TEST_ACTORS_MINUTES=10 vitest run test/prune/actors.test.ts
 */
import {rmSync} from 'node:fs';
import {expect, test} from 'vitest';
import type {Retention} from '../../src/config/retention.ts';
import {HoldfastError} from '../../src/errors.ts';
import type {Target} from '../../src/targets/target.ts';
import {chances} from '../support/chances.ts';
import {CrashPoints} from '../support/crash-points.ts';
import {CutOffError} from '../support/faulty-target.ts';
import {HOUR_MS} from '../support/simulated-time.ts';
import {describeTree} from '../support/trees.ts';
import {edit, setUp, type World, wrapped} from './world.ts';

const MINUTES = Number(process.env['HOLDFAST_TEST_ACTORS_MINUTES'] ?? 0);
const STEPS = 24;
const RETENTION: Retention = {last: 3, daily: 3, fulls: 2};
const PACK_BYTES = 15_000;
/** A lease that nobody releases is over after this. */
const LEASE_MS = 2 * HOUR_MS;

type Actor = 'machine' | 'operator' | 'nobody';
type Action = readonly [actor: Actor, name: string, act: (target: Target) => Promise<void>];

class Actors {
  readonly log: string[] = [];
  readonly #world: World;
  readonly #chance: () => number;
  /** What was pinned, and not let go. */
  readonly #pinned = new Set<string>();
  #edits = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#chance = chances(seed);
  }

  async live(steps: number): Promise<void> {
    await this.#backUp(this.#world.machine.target); // There is something to look at.
    for (let step = 0; step < steps; step++) {
      await this.#act(this.#world.machine.target);
      await this.#expectModel();
    }
  }

  /** @param but an actor that is busy */
  async #act(target: Target, but?: Actor): Promise<void> {
    const [actor, name, action] = this.#pick(this.#actions.filter(([who]) => who !== but));
    const fate = this.#chance();
    if (fate < 0.2) return this.#killed([actor, name, action], target);
    if (fate < 0.45 && but === undefined) return this.#withAnother([actor, name, action], target);
    this.log.push(name);
    await this.#tolerant(() => action(target));
  }

  readonly #actions: readonly Action[] = [
    ['machine', 'backup', (at) => this.#backUp(at)],
    ['machine', 'backup', (at) => this.#backUp(at)],
    ['machine', 'lost catalog', async () => this.#loseCatalog()],
    ['operator', 'prune', async (at) => void (await this.#world.pruner.prune(RETENTION, {}, at))],
    ['operator', 'repack', async (at) => void (await this.#world.pruner.repack({packBytes: PACK_BYTES}, at))],
    ['operator', 'pin', () => this.#pin()],
    ['nobody', 'time', async () => this.#world.time.pass(Math.ceil(this.#chance() * 60) * HOUR_MS)],
  ];

  /** One that comes too early is refused, and comes again. */
  async #tolerant(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof HoldfastError && error.code === 'LOCKED')) throw error;
      this.log.push('  locked');
    }
  }

  async #killed([actor, name, action]: Action, target: Target): Promise<void> {
    const points = new CrashPoints(1 + Math.floor(this.#chance() * 30));
    this.log.push(`${name}, killed`);
    try {
      await this.#tolerant(() => action(points.target(target)));
    } catch (error) {
      if (points.crashed === undefined && !(error instanceof CutOffError)) throw error;
      this.log.push(`  at ${points.crashed}`);
    }
    if (actor === 'machine') this.#world.machine.openState();
    this.#world.time.pass(LEASE_MS);
  }

  /** Another actor begins and ends while this one is about to make one of its calls. */
  async #withAnother([actor, name, action]: Action, target: Target): Promise<void> {
    let left = Math.floor(this.#chance() * 15);
    this.log.push(`${name}, and in its midst after ${left} calls:`);
    const meanwhile = async (): Promise<void> => {
      if (left-- !== 0) return;
      await this.#act(this.#world.machine.target, actor);
    };
    const beside: Target = {
      ...wrapped(target),
      put: async (object, body, options) => {
        await meanwhile();
        await target.put(object, body, options);
      },
      list: async function* (prefix, options) {
        await meanwhile();
        yield* target.list(prefix, options);
      },
    };
    await this.#tolerant(() => action(beside));
  }

  async #backUp(target: Target): Promise<void> {
    const {machine, trees} = this.#world;
    // Some contents come back: blobs that a prune has counted as dead.
    const content = (): string => `edit ${this.#edits++ % 20}`;
    edit(machine.source, this.#chance, {folders: 3, filesInEach: 5, mostBytes: 8000, content});
    const tree = describeTree(machine.source);
    const repository = {...machine.repository, target};
    const full = this.#chance() < 0.15;
    // Whatever becomes of the run: if there is a seal in the end, it is of this.
    this.#latest = tree;
    const {id} = await machine.backup({full}, {}, {repository, packBytes: PACK_BYTES});
    trees.set(String(id), tree);
  }
  #latest: unknown;

  async #pin(): Promise<void> {
    const {machine, pruner} = this.#world;
    const ids = (await machine.elsewhere()).history.sources.flatMap(({seals}) =>
      seals.map(({snapshot}) => String(snapshot.id)),
    );
    const id = this.#pick(ids);
    const pinned = !this.#pinned.has(id);
    await pruner.setPin(id, pinned);
    if (pinned) this.#pinned.add(id);
    else this.#pinned.delete(id);
    this.log.push(`  ${pinned ? 'pinned' : 'let go'} ${id}`);
  }

  #loseCatalog(): void {
    const {machine} = this.#world;
    machine.catalog[Symbol.dispose]();
    for (const end of ['', '-wal', '-shm']) rmSync(machine.catalogPath + end, {force: true});
    machine.openState();
  }

  /** What another machine with the key finds is whole, and what it must be. */
  async #expectModel(): Promise<void> {
    const {machine, trees} = this.#world;
    const {sources, problems} = (await machine.elsewhere()).history;
    expect(problems).toEqual([]);
    const ids = sources.flatMap(({seals}) => seals.map(({snapshot}) => String(snapshot.id)));
    // A run may have been killed right after its seal was stored.
    for (const id of ids) if (!trees.has(id)) trees.set(id, this.#latest);
    expect(ids).toEqual(expect.arrayContaining([...this.#pinned]));
    const made = [...trees.keys()];
    expect(ids.at(-1)).toBe(made.filter((id) => ids.includes(id)).at(-1));
    expect(ids.length).toBeGreaterThanOrEqual(Math.min(made.length, 3));
    expect(await machine.verify({level: 'content'})).toMatchObject({
      ok: true,
      problems: [],
      snapshots: ids.length,
    });
    const id = this.#pick(ids);
    const folder = await machine.restored(id);
    expect(describeTree(folder), id).toEqual(trees.get(id));
    rmSync(folder, {recursive: true});
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#chance() * items.length)] as T;
  }
}

async function play(seed: number): Promise<void> {
  await using world = await setUp();
  const actors = new Actors(world, seed);
  try {
    await actors.live(STEPS);
  } catch (error) {
    throw new Error(`Seed ${seed}: ${(error as Error).message}\n${actors.log.join('\n')}`, {cause: error});
  }
}

async function playFor(minutes: number): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  for (let seed = Math.floor(Math.random() * 2 ** 31); performance.now() < end; seed++) await play(seed);
}

// H8
if (MINUTES > 0) {
  test(`random actors, for ${MINUTES} minutes`, () => playFor(MINUTES), (MINUTES + 5) * 60_000);
} else {
  test.each([1, 2, 3])('random actors, seed %i: what must be there is there, whole', play, 300_000);
}
