/** Keeps a long run small on a small machine. What Node takes by default is made for servers with memory to spare. */
import {getHeapStatistics, setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {loadLibc, type MallocSettings} from './libc.ts';

type Collect = (options: {type: 'minor' | 'major'; execution: 'sync'}) => void;

let collect: Collect | undefined;

/** Keeps the young part of the heap as small as it is now: a walk makes nothing but short-lived objects, and V8 would let them fill 48 MB. */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** What a process is going to do most. */
export type Work = 'pack' | 'unpack';

/**
 * A backup's packs and compressed frames must not lie between small things. What unpacks needs buffers of the size of a frame again and
 * again, in each thread: new pages for each would cost it a sixth of its time.
 */
const MALLOC: Record<Work, MallocSettings> = {
  pack: {arenas: 1, largeBytes: 2 ** 22, keptBytes: 2 ** 24},
  unpack: {arenas: 3, largeBytes: 2 ** 21, keptBytes: 2 ** 20},
};

/** Of the young part of the heap: from 1 MB to 2 MB. */
const YOUNG_GROWTH = 2;
/** More than the young part holds. */
const SURVIVORS = {arrays: 32, length: 5000};

/**
 * Reading indexes and trees makes so much that 1 MB is full every few milliseconds, before what is in it is done with. V8 enlarges
 * the young part after a collection that left more than it had room for.
 */
function enlargeYoungHeap(): void {
  setFlagsFromString(`--semi-space-growth-factor=${YOUNG_GROWTH}`);
  const survivors = Array.from({length: SURVIVORS.arrays}, () => new Array<number>(SURVIVORS.length).fill(0));
  collectGarbage();
  survivors.length = 0;
  keepYoungHeapSmall();
}

/**
 * To be called before the work begins, the earlier the better. Changes this process.
 *
 * A pack of 24 MB that a thread hands over would have V8 mark the whole heap each time; {@link keepHeapSmall} decides when that is worth it.
 */
export function useLittleMemory(work: Work): void {
  keepYoungHeapSmall();
  if (work === 'unpack') enlargeYoungHeap();
  if (work === 'pack') setFlagsFromString('--heap-growing-percent=200');
  loadLibc()?.makeMallocThrifty(MALLOC[work]);
}

/**
 * Collects garbage now. Compression and encryption leave buffers outside the heap, of which V8 sees only small wrappers: left
 * alone, each thread lets some 64 MB of them pile up. A minor collection takes less than a millisecond, a major one some twenty.
 */
export function collectGarbage(type: 'minor' | 'major' = 'minor'): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  collect({type, execution: 'sync'});
}

/**
 * Gives the memory of a large buffer back at once: compression and encryption leave many, and V8 lets them pile up. The buffer, and all
 * that shares its memory, must not be used again. What is small, and may lie in a pool with others, is left to the garbage collector.
 */
export function release({buffer}: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}

/** What the heap may grow by between major collections: V8 alone would let it double. */
const HEAP_GROWTH_BYTES = 12 * 2 ** 20;
/** The same for what hangs on it: a pack comes and goes without one. */
const EXTERNAL_GROWTH_BYTES = 24 * 2 ** 20;
let afterMajor = {heap: 0, external: 0};

/** Collects what is young, and everything when the heap of this thread has grown by much. */
export function keepHeapSmall(): void {
  collectGarbage();
  const {heap, external} = heapBytes();
  if (heap < afterMajor.heap + HEAP_GROWTH_BYTES && external < afterMajor.external + EXTERNAL_GROWTH_BYTES)
    return;
  collectGarbage('major');
  afterMajor = heapBytes();
}

function heapBytes(): {heap: number; external: number} {
  const {used_heap_size, external_memory} = getHeapStatistics();
  return {heap: used_heap_size, external: external_memory};
}
