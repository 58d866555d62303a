// Run by file.test.ts: puts objects into the folder of argv until it is killed, or as many as argv says. Prints "name" when
// one is stored, and the error as JSON when one is not.
import {HoldfastError} from '../../src/errors.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {TargetError} from '../../src/targets/target.ts';

const [root = '', count = 'Infinity', sizeBytes = '1000'] = process.argv.slice(2);
const target = new FileTarget(root);
const body = new Uint8Array(Number(sizeBytes)).fill(7);
for (let i = 0; i < Number(count); i++) {
  const name = `app/g/packs/${i % 16}/${process.pid}-${i}`;
  try {
    await target.put(name, body);
    console.log(name);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const transient = error instanceof TargetError ? error.transient : undefined;
    const {message, hint, exitCode} = error;
    console.log(JSON.stringify({message, hint, exitCode, transient}));
  }
}
