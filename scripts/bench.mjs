// Starts bench/run.ts with the pinned Node, as scripts/pack.mjs does for the packages.
import {runWithPinnedNode} from './lib/project.mjs';

await runWithPinnedNode(import.meta.url, () => import('../bench/run.ts'));
