import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {cpSync, globSync, lstatSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import type {Dependency} from './dependencies.ts';
import {type Release, ROOT} from './release.ts';
import {settle, stageTree, write} from './tree.ts';

const DEBIAN_ARCHITECTURE = {x64: 'amd64', arm64: 'arm64'} as const;
const DOCUMENTS = 'usr/share/doc/holdfast';
/** What it may hold is for root alone; what is in them belongs to the machine, not to the package. */
const PRIVATE = {'etc/holdfast': 0o750, 'var/lib/holdfast': 0o700};

/** A package for Debian and what comes from it. Gives its path. */
export function packDeb(folder: string, staging: string, release: Release): string {
  const root = join(staging, 'root');
  const packages = stageTree(join(root, 'usr'), release, {zsh: 'zsh/vendor-completions'});
  for (const path of Object.keys(PRIVATE)) mkdirSync(join(root, path), {recursive: true});
  write(join(root, 'usr/share/lintian/overrides/holdfast'), ownFile('lintian-overrides'));
  write(join(root, DOCUMENTS, 'copyright'), copyright(packages));
  write(join(root, DOCUMENTS, 'changelog'), changelog(release));
  for (const path of globSync('usr/share/{man/man?/*,doc/holdfast/changelog}', {cwd: root}))
    compress(join(root, path));
  const sums = md5sums(root);
  write(join(root, 'DEBIAN/control'), control(root, release));
  write(join(root, 'DEBIAN/md5sums'), sums);
  for (const name of ['prerm', 'postrm'])
    cpSync(join(ROOT, 'packaging/files', name), join(root, 'DEBIAN', name));
  settle(root, release.epoch, PRIVATE);
  const architecture = DEBIAN_ARCHITECTURE[release.architecture];
  const path = join(folder, `holdfast_${release.version}_${architecture}.deb`);
  // The number of threads decides into how many blocks xz cuts: it must not depend on the machine.
  const how = ['--root-owner-group', '-Zxz', '-z3', '--threads-max=2', '--build'];
  const env = {...process.env, SOURCE_DATE_EPOCH: String(release.epoch)};
  execFileSync('dpkg-deb', [...how, root, path], {stdio: ['ignore', 'ignore', 'inherit'], env});
  return path;
}

function control(root: string, {version, architecture}: Release): string {
  return `Package: holdfast
Version: ${version}
Section: admin
Priority: optional
Architecture: ${DEBIAN_ARCHITECTURE[architecture]}
Maintainer: ${maintainer()}
Installed-Size: ${Math.ceil(installedBytes(root) / 1024)}
Depends: libc6 (>= ${neededGlibc(root)}), libgcc-s1, libstdc++6 (>= 7)
Suggests: default-mysql-client | mariadb-client, gnupg, postgresql-client, redis-tools
Description: encrypted, deduplicating backups
 Backs up folders and databases of a machine that cannot read its own
 history: it holds public keys only. Full and incremental backups go to S3,
 OpenStack Swift or a folder, and anybody can check them without a key.
 .
 The Node that it runs on comes along; nothing else has to be installed.
`;
}

/** The newest version of glibc that a symbol of the native parts asks for. */
function neededGlibc(root: string): string {
  const files = globSync(['**/*.node', '**/bin/node'], {cwd: join(root, 'usr/lib/holdfast')});
  const minors = files.flatMap((file) => {
    const binary = readFileSync(join(root, 'usr/lib/holdfast', file)).toString('latin1');
    return [...binary.matchAll(/GLIBC_2\.(\d+)\b/g)].map(([, minor]) => Number(minor));
  });
  return `2.${Math.max(...minors)}`;
}

/** As for all packages that are made by hand: `DEBFULLNAME` and `DEBEMAIL`. */
function maintainer(): string {
  const {DEBFULLNAME: name = 'Holdfast', DEBEMAIL: address = 'holdfast@localhost'} = process.env;
  return `${name} <${address}>`;
}

function changelog({version, epoch}: Release): string {
  const time = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `holdfast (${version}) unstable; urgency=medium

  * What changed is in ${`/${DOCUMENTS}`}/CHANGELOG.md.

 -- ${maintainer()}  ${time}
`;
}

function copyright(packages: readonly Dependency[]): string {
  const others = packages.map(({path, name, version, license}) => {
    return `Files: usr/lib/holdfast/${path}/*\nCopyright: the authors of ${name} ${version}\nLicense: ${license}`;
  });
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: holdfast
Comment: The texts of the other licenses are in LICENSE files beside the code; those of what is part of dist are
 in /usr/lib/holdfast/dist/chunks/LICENSES.

Files: *
Copyright: the authors of Holdfast
License: Apache-2.0

${others.join('\n\n')}

License: Apache-2.0
 On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.
`;
}

function compress(path: string): void {
  write(`${path}.gz`, gzipSync(readFileSync(path), {level: 9}));
  rmSync(path);
}

function md5sums(root: string): string {
  return filesBelow(root)
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(root, path)))
          .digest('hex')}  ${path}\n`,
    )
    .join('');
}

function installedBytes(root: string): number {
  return filesBelow(root).reduce((sum, path) => sum + lstatSync(join(root, path)).size, 0);
}

function filesBelow(root: string): string[] {
  return globSync('**/*', {cwd: root})
    .filter((path) => lstatSync(join(root, path)).isFile())
    .sort();
}

function ownFile(name: string): Uint8Array {
  return readFileSync(join(ROOT, 'packaging/files', name));
}
