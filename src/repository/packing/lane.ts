/** Gathers blobs into frames, in one slot of the shared memory at a time. */
import type {BlobId} from '../layout.ts';
import {
  type BlobList,
  MEMBER_HEADER_BYTES,
  memberLength,
  type PackKind,
  padding,
  type StoredBlob,
  writeMemberHeader,
} from '../pack.ts';
import {FRAME_FULL_BYTES, SLOT_FULL_BYTES, slotStart} from './slots.ts';

/** A blob as what differs from another one. */
export interface Delta {
  readonly base: BlobId;
  /** Shorter than the blob. */
  readonly member: Buffer;
}

export interface GatheredFrame {
  readonly start: number;
  readonly length: number;
  readonly blobs: BlobList;
}

/** What was gathered in a slot. */
export interface GatheredSlot {
  readonly slot: number;
  readonly frames: readonly GatheredFrame[];
}

export class Lane {
  readonly kind: PackKind;
  readonly #memory: Buffer;
  #slot: number | undefined;
  #at = 0;
  #frameStart = 0;
  #frames: GatheredFrame[] = [];
  #blobs: StoredBlob[] = [];

  /** @param memory all slots */
  constructor(kind: PackKind, memory: Buffer) {
    this.kind = kind;
    this.#memory = memory;
  }

  /** Whether it needs a slot before anything can be put into it. */
  get needsSlot(): boolean {
    return this.#slot === undefined;
  }

  start(slot: number): void {
    this.#slot = slot;
    this.#at = slotStart(slot);
    this.#frameStart = this.#at;
  }

  /** Where the content of the next blob belongs. */
  get contentOffset(): number {
    return this.#at + MEMBER_HEADER_BYTES;
  }

  /** Makes the first `length` bytes at {@link contentOffset} a blob. @returns whether the slot is full */
  commit(id: BlobId, length: number, delta?: Delta): boolean {
    const stored = delta?.member.length ?? length;
    delta?.member.copy(this.#memory, this.contentOffset);
    writeMemberHeader(this.#memory, this.#at, id, stored, delta !== undefined);
    const end = this.contentOffset + stored;
    this.#memory.fill(0, end, end + padding(stored));
    this.#at += memberLength(stored);
    this.#blobs.push(delta === undefined ? [id, length] : [id, length, delta.base, stored]);
    if (this.#at - this.#frameStart >= FRAME_FULL_BYTES) this.#closeFrame();
    return this.#at - slotStart(this.#slot as number) >= SLOT_FULL_BYTES;
  }

  /** Gives the slot away, with what is in it; undefined if there is nothing. */
  take(): GatheredSlot | undefined {
    if (this.#blobs.length > 0) this.#closeFrame();
    const [slot, frames] = [this.#slot, this.#frames];
    if (slot === undefined || frames.length === 0) return undefined;
    this.#slot = undefined;
    this.#frames = [];
    return {slot, frames};
  }

  #closeFrame(): void {
    this.#frames.push({start: this.#frameStart, length: this.#at - this.#frameStart, blobs: this.#blobs});
    this.#blobs = [];
    this.#frameStart = this.#at;
  }
}
