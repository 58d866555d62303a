// Starts packaging/pack.ts with the pinned Node: on a fresh clone, npm's shell still remembers the one that was there before.
import {runWithPinnedNode} from './lib/project.mjs';

await runWithPinnedNode(import.meta.url, () => import('../packaging/pack.ts'));
