import {spawnSync} from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {noise, run, touch} from './tree-pieces.ts';

/** Changes like those of a day, each of which an incremental backup must notice. */
export function editNastyTree(dir: string): void {
  const at = (...parts: string[]): string => join(dir, ...parts);
  // F13: other content, the same size and mtime.
  spawnSync('touch', ['-r', at('content/size-4096'), at('reference')]);
  writeFileSync(at('content/size-4096'), noise(4096, 'changed'));
  spawnSync('touch', ['-r', at('reference'), at('content/size-4096')]);
  unlinkSync(at('reference'));
  renameSync(at('content/twin-a'), at('content/twin-renamed'));
  renameSync(at('small/1'), at('small/renamed'));
  unlinkSync(at('small/2/file-100.txt'));
  rmSync(at('small/3'), {recursive: true});
  chmodSync(at('content/size-513'), 0o611);
  if (process.geteuid?.() === 0) chownSync(at('content/size-512'), 77, 88);
  run(dir, 'setfattr', '-n', 'user.text', '-v', 'changed', 'xattrs/user');
  run(dir, 'setfacl', '-m', 'u:1234:r', 'xattrs/acl');
  linkSync(at('content/size-65536'), at('links/new-hard'));
  unlinkSync(at('links/hard'));
  unlinkSync(at('content/size-1'));
  mkdirSync(at('content/size-1'));
  writeFileSync(at('content/size-1/now-a-folder'), 'x');
  rmdirSync(at('empty'));
  symlinkSync('content', at('empty'));
  unlinkSync(at('links/folder'));
  writeFileSync(at('links/folder'), 'was a link');
  truncateSync(at('content/size-262144'), 1000);
  appendFileSync(at('content/size-65536'), 'more');
  appendFileSync(at('small/0/file-1.txt'), 'more');
  touch(dir, 'times/nanoseconds', '2026-11-20T02:30:00.123456790Z');
  const fd = openSync(at('sparse/hole-at-end'), 'r+');
  writeSync(fd, Buffer.from('in the hole'), 0, 11, 1_500_000);
  closeSync(fd);
  const twin = readFileSync(at('content/twin-b'));
  writeFileSync(
    at('content/twin-b'),
    Buffer.concat([twin.subarray(0, 500), Buffer.from('inserted'), twin.subarray(500)]),
  );
  writeFileSync(at('names/new file'), 'new');
}
