#!/usr/bin/env node
// The launcher. An old Node reads no further than here: what needs Node 24 is imported once it is known to be there.
import {becomePinnedNode, isRecentEnough} from './pinned-node.js';

if (isRecentEnough()) {
  const {start} = await import('./start.js');
  await start();
} else {
  becomePinnedNode(import.meta.url, process.argv.slice(2));
}
