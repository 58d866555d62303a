/** What this machine has seen of a repository: whom it trusts to sign, and the last seal of each source (TUF's rollback check). */
import {Fields} from './fields.ts';
import {isHash, isOperator} from './layout.ts';
import {memoryUnusable, readMemory, writeMemory} from './memory-file.ts';

export interface SeenSeal {
  readonly sequence: number;
  readonly hash: string;
  /** Problems of the history that the operator has looked at, word for word. */
  readonly accepted?: readonly string[];
  /** The labels of the places where it was seen; undefined where an earlier version wrote it: then it must be everywhere. */
  readonly places?: readonly string[];
}

/** Which seal it is. */
type Seen = Pick<SeenSeal, 'sequence' | 'hash'>;

export interface Memory {
  readonly agents: readonly string[];
  readonly seals: Readonly<Record<string, SeenSeal>>;
  /** Fingerprints of those whose drill reports count. */
  readonly operators?: readonly string[];
}

export interface OperatorsOfRun {
  /** Fingerprints from the command line, and of this machine's own key. */
  readonly approved: readonly string[];
  /** Those of the configuration: then nobody else counts, whatever this machine remembers. */
  readonly pinned?: readonly string[] | undefined;
  /** Told when the only operator was taken on trust. */
  onMet?(fingerprint: string): void;
}

/** A small JSON file per repository, written whole; kept apart from the catalog, so that losing one does not lose the other. */
export class TrustFile {
  readonly #path: string;
  readonly #repository: string;
  #memory: Memory;

  /** @throws {@link CatalogError} if the file is there but unusable: forgetting in silence would disarm the rollback check */
  constructor(path: string, repository: string) {
    this.#path = path;
    this.#repository = repository;
    this.#memory = this.#read();
  }

  get agents(): readonly string[] {
    return this.#memory.agents;
  }

  get operators(): readonly string[] {
    return this.#memory.operators ?? [];
  }

  /** Whose statements count in this run, beside those that this machine remembers; set by whoever knows flags and configuration. */
  operatorsOfRun: OperatorsOfRun = {approved: []};

  approveOperators(fingerprints: readonly string[]): void {
    const operators = [...new Set([...this.operators, ...fingerprints])];
    if (operators.length > this.operators.length) this.#write({...this.#memory, operators});
  }

  seen(source: string): SeenSeal | undefined {
    return Object.hasOwn(this.#memory.seals, source) ? this.#memory.seals[source] : undefined;
  }

  /** The sources that this machine has seen at a place. One whose backups go elsewhere need not be there. */
  sourcesAt(place: string): string[] {
    return Object.entries(this.#memory.seals)
      .filter(([, {places}]) => places === undefined || places.includes(place))
      .map(([source]) => source);
  }

  approve(fingerprints: readonly string[]): void {
    const agents = [...new Set([...this.#memory.agents, ...fingerprints])];
    if (agents.length > this.#memory.agents.length) this.#write({...this.#memory, agents});
  }

  /** Notes newer seals, and where they are; never goes back. @param place the label of a target */
  remember(seals: Readonly<Record<string, Seen>>, place: string): void {
    const changed = Object.entries(seals).flatMap(([source, {sequence, hash}]): [string, SeenSeal][] => {
      const before = this.seen(source);
      const isNewer = sequence > (before?.sequence ?? 0);
      const isNewHere = before?.places?.includes(place) === false;
      if (!isNewer && !isNewHere) return [];
      const newest = isNewer || before === undefined ? {sequence, hash} : before;
      return [[source, {...before, ...newest, ...placesOf(before, place)}]];
    });
    if (changed.length === 0) return;
    this.#write({...this.#memory, seals: {...this.#memory.seals, ...Object.fromEntries(changed)}});
  }

  /** Problems of a source's history that the operator has looked at; exactly these, and none that comes later. */
  accepted(source: string): readonly string[] {
    return this.seen(source)?.accepted ?? [];
  }

  /** From now on this is the newest seal, whatever was seen before, and these problems are known. */
  accept(source: string, {sequence, hash}: Seen, problems: readonly string[], place: string): void {
    const accepted = [...new Set([...this.accepted(source), ...problems])];
    const seen = {sequence, hash, accepted, ...placesOf(this.seen(source), place)};
    this.#write({...this.#memory, seals: {...this.#memory.seals, [source]: seen}});
  }

  #read(): Memory {
    const text = readMemory(this.#path);
    if (text === undefined) return {agents: [], seals: {}};
    try {
      const fields = Fields.parse(text);
      const seals = JSON.parse(text).seals as Record<string, {sequence: unknown; hash: unknown}>;
      return {
        agents: fields.texts('agents', 1000).filter(isHash),
        ...(fields.has('operators') && {operators: fields.texts('operators', 1000).filter(isOperator)}),
        seals: Object.fromEntries(
          Object.entries(seals).map(([source, raw]) => {
            const seal = new Fields(raw);
            const accepted = seal.has('accepted') ? {accepted: seal.texts('accepted', 100_000)} : {};
            const places = seal.has('places') ? {places: seal.texts('places', 1000)} : {};
            const seen = {sequence: seal.count('sequence'), hash: seal.hash('hash')};
            return [source, {...seen, ...accepted, ...places}];
          }),
        ),
      };
    } catch (cause) {
      throw memoryUnusable(this.#path, cause);
    }
  }

  #write(memory: Memory): void {
    writeMemory(this.#path, {repository: this.#repository, ...memory});
    this.#memory = memory;
  }
}

/** What was seen before places were noted stays demanded everywhere. */
function placesOf(before: SeenSeal | undefined, place: string): Pick<SeenSeal, 'places'> {
  if (before !== undefined && before.places === undefined) return {};
  return {places: [...new Set([...(before?.places ?? []), place])]};
}
