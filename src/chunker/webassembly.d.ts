/** The slice of WebAssembly's JavaScript interface that the chunker uses. TypeScript has it in lib "dom" alone. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    constructor(descriptor: {initial: number; maximum: number; shared: true});
    /** In pages of 64 KiB. A buffer that was taken before goes on to work, but ends where it ended. */
    grow(pages: number): number;
    readonly buffer: SharedArrayBuffer;
  }
}
