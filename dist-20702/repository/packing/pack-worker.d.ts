import type { Session } from '../../crypto/seipd.ts';
export interface PackWorkerData {
    readonly memory: SharedArrayBuffer;
    readonly session: Session;
    readonly generationKey: string;
    readonly packBytes: number;
}
