const ZEROS = Buffer.alloc(65_536);
/** A file's bytes with its holes as zeros. */
export async function* spread(entry, content) {
    if (entry.extents === undefined) {
        yield* content;
        return;
    }
    const extents = [...entry.extents];
    let position = 0;
    let left = 0;
    for await (let piece of content) {
        while (piece.length > 0) {
            if (left === 0) {
                const [offset, length] = extents.shift() ?? [position, piece.length];
                yield* zeros(offset - position);
                position = offset;
                left = length;
            }
            const part = piece.subarray(0, left);
            yield part;
            position += part.length;
            left -= part.length;
            piece = piece.subarray(part.length);
        }
    }
    yield* zeros((entry.size ?? 0) - position);
}
function* zeros(count) {
    for (let left = count; left > 0; left -= ZEROS.length)
        yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}
