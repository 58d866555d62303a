#!/usr/bin/env node
// The command line straight from src/*.ts: Node strips the types. For working on Holdfast.
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {becomePinnedNode, isRecentEnough} from './pinned-node.js';

const root = fileURLToPath(new URL('..', import.meta.url));

if (isRecentEnough()) {
  const pjson = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  pjson.oclif.commands = './src/commands';
  const {main} = await import('../src/cli/main.ts');
  await main(process.argv.slice(2), {root, pjson, ignoreManifest: true});
} else {
  becomePinnedNode(import.meta.url, process.argv.slice(2));
}
