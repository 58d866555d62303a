/**
 * Runs one command and prints what it took, as JSON: node timed.ts LOG COMMAND ARGUMENT… A process of its own, because
 * getrusage(RUSAGE_CHILDREN) tells of all children together.
 */
import {spawnSync} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';
import koffi from 'koffi';

const RUSAGE_CHILDREN = -1;
/** What takes longer hangs. */
const MOST_MS = 3_600_000;
const [log = '', command = '', ...args] = process.argv.slice(2);
const output = openSync(log, 'w');
const started = process.hrtime.bigint();
const {status, signal, error} = spawnSync(command, args, {
  stdio: ['ignore', output, output],
  timeout: MOST_MS,
});
const wallSeconds = Number(process.hrtime.bigint() - started) / 1e9;
closeSync(output);
if (error) throw error;

const usage = Buffer.alloc(256); // struct rusage: two timevals, then longs
koffi.load(null).func('int getrusage(int, void *)')(RUSAGE_CHILDREN, usage);
const long = (at: number) => Number(usage.readBigInt64LE(at * 8));
const cpuSeconds = long(0) + long(2) + (long(1) + long(3)) / 1e6;
console.log(JSON.stringify({status, signal, wallSeconds, cpuSeconds, peakBytes: long(4) * 1024}));
