import {execFileSync} from 'node:child_process';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {type Release, ROOT} from './release.ts';
import {settle, stageTree, write} from './tree.ts';

/** A tarball to unpack anywhere, /usr/local included. Gives its path. */
export function packTar(folder: string, staging: string, release: Release): string {
  const {version, architecture, epoch} = release;
  const name = `holdfast-${version}-linux-${architecture}`;
  const root = join(staging, name);
  stageTree(root, release, {zsh: 'zsh/site-functions'});
  write(join(root, 'share/doc/holdfast/LICENSE'), readFileSync(join(ROOT, 'LICENSE')));
  settle(root, epoch);
  const owner = ['--owner=root:0', '--group=root:0', '--numeric-owner'];
  const args = [
    '--create',
    '--format=gnu',
    '--sort=name',
    `--mtime=@${epoch}`,
    ...owner,
    '-C',
    staging,
    name,
  ];
  const plain = join(staging, 'package.tar');
  execFileSync('tar', [...args, '--file', plain]);
  const path = join(folder, `${name}.tar.gz`);
  writeFileSync(path, gzipSync(readFileSync(plain)));
  rmSync(plain);
  return path;
}
