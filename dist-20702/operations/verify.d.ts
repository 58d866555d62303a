/** Verifies a repository: its structure, its bytes, and with the key its content (docs/threat-model.md says what each level finds). */
import type { PublicKey } from 'openpgp';
import type { RecipientKey } from '../crypto/recipient-key.ts';
import type { Problem } from '../repository/chain.ts';
import type { History, SourceHistory } from '../repository/history.ts';
import type { Repository } from '../repository/repository.ts';
import type { CheckedSeal } from '../repository/seal.ts';
import type { OnProgress } from './progress.ts';
export type VerifyLevel = 'structure' | 'ciphertext' | 'content';
export interface VerifyContext {
    readonly repository: Repository;
    readonly agents: readonly PublicKey[];
    /** Needed for the content. */
    readonly key?: RecipientKey | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: OnProgress | undefined;
}
export interface VerifyOptions {
    readonly level: VerifyLevel;
    /** Only this snapshot. */
    readonly seal?: CheckedSeal | undefined;
    /** Which share of the packs is read, from 0 to 1; everything by default. */
    readonly sample?: number | undefined;
}
export interface VerifyResult {
    readonly level: VerifyLevel;
    readonly ok: boolean;
    readonly snapshots: number;
    readonly packs: number;
    /** Bytes that were read, or at the level of structure looked up. */
    readonly bytes: number;
    readonly problems: readonly Problem[];
    /** Objects that no seal needs: of unfinished runs, which the next one resumes. No fault. */
    readonly unfinished: number;
    /** How many of those are snapshot objects: their seal was never written, or was removed. */
    readonly unsealed: number;
}
export declare function verify(context: VerifyContext, history: History, options: VerifyOptions): Promise<VerifyResult>;
export type ChosenSource = {
    readonly source: SourceHistory;
    readonly seals: readonly CheckedSeal[];
};
