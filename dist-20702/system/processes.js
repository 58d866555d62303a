import { readFileSync } from 'node:fs';
export function thisProcess() {
    return { pid: process.pid, started: startOf(process.pid) ?? '' };
}
export function isRunning({ pid, started }) {
    try {
        process.kill(pid, 0);
    }
    catch (error) {
        return error.code === 'EPERM';
    }
    return started === '' || (startOf(pid) ?? started) === started;
}
/** Field 22 of /proc/PID/stat, with the boot's id, since the count begins anew with each boot. */
function startOf(pid) {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
        return `${boot}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
    }
    catch {
        // Not Linux, or the process has just ended: then its number alone has to do.
        return undefined;
    }
}
