/** Hands a secret to a program as a file: its arguments and its environment can be read by others, or stay in listings. */
import { closeSync, existsSync, mkdtempSync, openSync, rmdirSync, rmSync, unlinkSync, writeSync, } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
/** A file that only this user can read, and that has no name where the system can do that; it is gone when this is disposed of. */
export class PrivateFile {
    /** Where programs that this process starts, as the same user, find it. */
    path;
    #descriptor;
    #named;
    constructor(content) {
        const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
        const path = join(folder, 'secret');
        this.#descriptor = openSync(path, 'wx', 0o600);
        const open = `/proc/${process.pid}/fd/${this.#descriptor}`;
        if (existsSync(open)) {
            unlinkSync(path);
            rmdirSync(folder);
            this.path = open;
        }
        else {
            this.#named = path;
            this.path = path;
        }
        writeSync(this.#descriptor, content);
    }
    [Symbol.dispose]() {
        closeSync(this.#descriptor);
        if (this.#named !== undefined)
            rmSync(dirname(this.#named), { recursive: true, force: true });
    }
}
