// Exits 1 when the committed src/chunker/gear-wasm.ts is not what src/chunker/gear.wat compiles to.
import {readFile} from 'node:fs/promises';
import {generated, renderGearWasm} from './build-wasm.mjs';

const committed = await readFile(generated, 'utf8').catch(() => '');
if (committed !== (await renderGearWasm())) {
  console.error('src/chunker/gear-wasm.ts does not match gear.wat. Run: node scripts/build-wasm.mjs');
  process.exitCode = 1;
}
