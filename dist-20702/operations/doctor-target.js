/** Tries whether a storage keeps what Holdfast counts on, and what the credentials permit. Cleans up after itself. */
import { randomBytes } from 'node:crypto';
import { TargetError } from '../targets/target.js';
import { PROBES, RIGHTS, THOROUGH_PROBES } from './doctor-probes.js';
/** No source can have a name that begins so: whatever is left here is never taken for a backup. */
const SCRATCH = '_doctor';
/** @throws {@link TargetError} where not even a first object can be stored and read: then there is nothing to examine */
export async function examineTarget(target, options) {
    const { thorough, now, signal, onCheck } = options;
    const prefix = `${SCRATCH}/${now().toISOString().replace(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}/`;
    const checks = [];
    let left = 0;
    try {
        await target.put(`${prefix}first`, Buffer.from('Written by "holdfast doctor". It can be removed.\n'), {
            signal,
        });
        const tell = (done) => {
            checks.push(done);
            onCheck?.(done);
        };
        const facts = (await target.describe?.(`${prefix}first`, { signal })) ?? [];
        const bench = { target, prefix, now, signal, keepsOld: facts.some(({ keepsOld }) => keepsOld) };
        for (const { name, detail } of facts)
            tell({ name, detail, ok: true, required: false, hint: undefined });
        for (const probe of [...PROBES, ...(thorough ? THOROUGH_PROBES : []), ...RIGHTS])
            tell(await check(probe, bench));
    }
    finally {
        left = await cleanUp(target, prefix);
    }
    return { checks, prefix, left };
}
async function check({ name, required, run }, bench) {
    try {
        const { ok, detail, hint } = await run(bench);
        return { name, required, ok, detail, hint };
    }
    catch (error) {
        bench.signal?.throwIfAborted();
        if (!(error instanceof TargetError))
            throw error;
        return { name, required, ok: false, detail: error.message, hint: error.hint };
    }
}
/** @returns how many objects could not be removed */
async function cleanUp(target, prefix) {
    let left = 0;
    const names = [];
    try {
        for await (const { name } of target.list(prefix))
            names.push(name);
        for (const name of names) {
            try {
                await target.remove(name);
            }
            catch (error) {
                if (!(error instanceof TargetError))
                    throw error;
                left += 1;
            }
        }
    }
    catch (error) {
        if (!(error instanceof TargetError))
            throw error; // What could not be listed was told before.
    }
    return left;
}
