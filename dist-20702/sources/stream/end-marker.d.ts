/**
 * Passes a stream on and demands what stands at its end.
 * @param isWhole judges the last bytes
 * @throws {@link SourceError} if they are not as they must be
 */
export declare function demandEnd(stream: AsyncIterable<Uint8Array>, label: string, isWhole: (lastText: string) => boolean): AsyncGenerator<Uint8Array>;
