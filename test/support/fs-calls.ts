/** Calls of `node:fs` in this process, met in the middle: what a source does while it is read, in a test that never sleeps. */
import fs from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';

type Watched = 'lstatSync' | 'openSync' | 'readSync' | 'readdirSync' | 'readlinkSync';

/**
 * Runs `before` ahead of every call of a function, also in modules that import it by name. What it throws, the caller gets
 * in place of an answer. Disposing ends it.
 */
export function onFsCall(name: Watched, before: (...parameters: unknown[]) => void): Disposable {
  const table = fs as unknown as Record<Watched, (...parameters: unknown[]) => unknown>;
  const original = table[name];
  let inside = false;
  const put = (value: (...parameters: unknown[]) => unknown): void => {
    table[name] = value;
    syncBuiltinESMExports();
  };
  put((...parameters) => {
    if (!inside) {
      inside = true; // What the test itself does to the source is no call to be met.
      try {
        before(...parameters);
      } finally {
        inside = false;
      }
    }
    return original(...parameters);
  });
  return {[Symbol.dispose]: () => put(original)};
}

/** Runs `action` ahead of read number `read` (from 1) of the file at `path`; for ever if `read` is undefined. */
export function beforeRead(path: string, read: number | undefined, action: () => void): Disposable {
  const {dev, ino} = fs.lstatSync(path);
  let reads = 0;
  return onFsCall('readSync', (descriptor) => {
    const stats = fs.fstatSync(descriptor as number);
    if (stats.ino !== ino || stats.dev !== dev) return;
    reads++;
    if (read === undefined || reads === read) action();
  });
}

/** Runs `action` ahead of the first call of a function whose path ends so. */
export function beforePath(name: Exclude<Watched, 'readSync'>, end: string, action: () => void): Disposable {
  let isDone = false;
  return onFsCall(name, (path) => {
    if (isDone || !String(path).endsWith(end)) return;
    isDone = true;
    action();
  });
}

/** An error like those of the system. */
export function systemError(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made up by a test, ${syscall}`), {code, syscall, errno: -5});
}
