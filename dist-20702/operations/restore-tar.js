/** A snapshot as a tar stream in PAX format: exact times, attributes and names in any encoding, as GNU tar reads them. */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { pack as newPack } from 'tar-stream';
import { spread } from './spread.js';
const TYPES = {
    file: 'file',
    directory: 'directory',
    symlink: 'symlink',
    fifo: 'fifo',
    chardevice: 'character-device',
    blockdevice: 'block-device',
};
/** What fits into the numeric fields of a ustar header. */
const SIZE_MOST = 0o77777777777;
const ID_MOST = 0o7777777;
const STAND_IN = 'see-pax-header';
/** Runs `work` with a sink that writes to `output`, and ends the archive. */
export async function writeTar(output, work) {
    const archive = newPack();
    const copying = copy(archive, output);
    try {
        const result = await Promise.race([
            work(new PaxSink(archive)),
            copying.then(() => Promise.reject(new Error('The archive ended early.'))),
        ]);
        archive.finalize();
        await copying;
        return result;
    }
    finally {
        archive.destroy(undefined);
    }
}
async function copy(archive, output) {
    for await (const piece of archive) {
        if (!output.write(piece))
            await once(output, 'drain');
    }
}
class PaxSink {
    #archive;
    /** First path of each inode with several names. */
    #linked = new Map();
    constructor(archive) {
        this.#archive = archive;
    }
    async openDirectory(path, entry) {
        await this.#header(Buffer.concat([path, Buffer.from('/')]), entry, 'directory');
        return true;
    }
    async entry(path, entry, content) {
        const first = entry.hardlink === undefined ? undefined : this.#linked.get(entry.hardlink);
        if (first !== undefined) {
            await this.#header(path, entry, 'link', first);
            return 0;
        }
        if (entry.hardlink !== undefined)
            this.#linked.set(entry.hardlink, path);
        if (entry.type === 'file')
            return this.#file(path, entry, content);
        await this.#header(path, entry, TYPES[entry.type], entry.target);
        return 0;
    }
    async #file(path, entry, content) {
        const size = entry.size ?? 0;
        this.#extend(path, entry, size);
        let bytes = 0;
        await new Promise((resolve, reject) => {
            const sink = this.#archive.entry({ ...ustar(entry), type: 'file', size }, (error) => error ? reject(error) : resolve());
            const write = async () => {
                for await (const piece of spread(entry, content())) {
                    bytes += piece.length;
                    // A copy: the reader's buffers may be used again before the stream has sent them.
                    if (!sink.write(Buffer.from(piece)))
                        await once(sink, 'drain');
                }
                sink.end(undefined);
            };
            write().catch((error) => {
                // Half a member would make the archive unreadable behind it: it ends here.
                sink.destroy(error);
                reject(error);
            });
        });
        return bytes;
    }
    async #header(path, entry, type, link) {
        this.#extend(path, entry, 0, link);
        const header = {
            ...ustar(entry),
            type,
            size: 0,
            ...(link !== undefined && { linkname: STAND_IN }),
        };
        await new Promise((resolve, reject) => {
            this.#archive.entry(header, (error) => (error ? reject(error) : resolve()));
        });
    }
    /** What ustar cannot say goes into an extended header in front, whose values are raw bytes. */
    #extend(path, entry, size, link) {
        const body = Buffer.concat([
            // GNU tar takes names as bytes anyhow, and warns of this keyword; libarchive needs it for what is not UTF-8.
            ...(isUtf8(path) && (link === undefined || isUtf8(link))
                ? []
                : [record('hdrcharset', Buffer.from('BINARY'))]),
            record('path', path),
            record('mtime', Buffer.from(decimalSeconds(entry.mtimeNs))),
            ...(link === undefined ? [] : [record('linkpath', link)]),
            ...(size > SIZE_MOST ? [record('size', Buffer.from(String(size)))] : []),
            ...(entry.uid > ID_MOST ? [record('uid', Buffer.from(String(entry.uid)))] : []),
            ...(entry.gid > ID_MOST ? [record('gid', Buffer.from(String(entry.gid)))] : []),
            ...aclRecords(entry.xattrs ?? {}),
            ...Object.entries(entry.xattrs ?? {}).map(([name, value]) => record(`SCHILY.xattr.${name}`, value)),
        ]);
        this.#archive.push(Buffer.concat([extendedHeader(body.length), body, Buffer.alloc(-body.length & 511)]));
    }
}
/** GNU tar passes over ACLs among the attributes: it wants them as text (acl(5)). */
function aclRecords(xattrs) {
    return ['access', 'default'].flatMap((kind) => {
        const acl = xattrs[`system.posix_acl_${kind}`];
        const text = acl === undefined ? undefined : aclText(Buffer.from(acl));
        return text === undefined ? [] : [record(`SCHILY.acl.${kind}`, Buffer.from(text))];
    });
}
const ACL_TAGS = {
    1: 'user',
    2: 'user',
    4: 'group',
    8: 'group',
    16: 'mask',
    32: 'other',
};
const ACL_NAMED = new Set([2, 8]);
/** Linux, `posix_acl_xattr.h`: a version of 32 bits, then entries of tag (16), permissions (16) and id (32), little-endian. */
function aclText(acl) {
    if (acl.length < 4 || acl.length % 8 !== 4 || acl.readUInt32LE(0) !== 2)
        return undefined;
    const lines = [];
    for (let at = 4; at < acl.length; at += 8) {
        const tag = acl.readUInt16LE(at);
        const word = ACL_TAGS[tag];
        if (word === undefined)
            return undefined;
        const bits = acl.readUInt16LE(at + 2);
        const id = ACL_NAMED.has(tag) ? acl.readUInt32LE(at + 4) : '';
        lines.push(`${word}:${id}:${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`);
    }
    return lines.join(',');
}
/** The header that old programs see; the extended one in front of it counts. */
function ustar(entry) {
    return {
        name: STAND_IN,
        // tar-stream takes mode 0 for "none given"; the bit beyond its mask makes the difference.
        mode: entry.mode | 0o10000,
        uid: Math.min(entry.uid, ID_MOST),
        gid: Math.min(entry.gid, ID_MOST),
        mtime: new Date(Math.max(0, Number(entry.mtimeNs / 1000000n))),
        ...(entry.device && { devmajor: entry.device[0], devminor: entry.device[1] }),
    };
}
/** The header block of a PAX extended header, which tar-stream cannot make with raw bytes in it. */
function extendedHeader(bodyLength) {
    const block = Buffer.alloc(512);
    block.write('PaxHeader');
    block.write('0000644\x000000000\x000000000\x00', 100);
    block.write(`${bodyLength.toString(8).padStart(11, '0')}\x0000000000000\x00`, 124);
    block.write('        x', 148);
    block.write('ustar\x0000', 257);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148);
    return block;
}
/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself (POSIX pax). */
function record(key, value) {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
    let length = rest.length;
    while (length !== rest.length + String(length).length)
        length = rest.length + String(length).length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
}
function decimalSeconds(ns) {
    const absolute = ns < 0n ? -ns : ns;
    return `${ns < 0n ? '-' : ''}${absolute / 1000000000n}.${String(absolute % 1000000000n).padStart(9, '0')}`;
}
