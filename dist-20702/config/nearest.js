/**
 * The candidate that somebody who wrote `word` most likely meant, or undefined if none is near.
 * Case, dashes and underscores do not count: `one-file-system` is near `oneFileSystem`.
 */
export function nearest(word, candidates) {
    const plain = simplify(word);
    let best;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (const candidate of candidates) {
        const other = simplify(candidate);
        const longest = Math.max(plain.length, other.length);
        const distance = longest > 64 ? longest : editDistance(plain, other);
        const allowed = Math.max(1, Math.min(3, Math.floor(longest / 3)));
        if (distance <= allowed && distance < Math.min(bestDistance, longest)) {
            best = candidate;
            bestDistance = distance;
        }
    }
    return best;
}
function simplify(word) {
    return word.toLowerCase().replaceAll(/[-_]/g, '');
}
/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a, b) {
    let beforeLast = [];
    let last = Array.from({ length: b.length + 1 }, (_, column) => column);
    for (let row = 1; row <= a.length; row++) {
        const current = [row];
        for (let column = 1; column <= b.length; column++) {
            const cost = a[row - 1] === b[column - 1] ? 0 : 1;
            let distance = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + cost);
            if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
                distance = Math.min(distance, at(beforeLast, column - 2) + 1);
            }
            current.push(distance);
        }
        beforeLast = last;
        last = current;
    }
    return at(last, b.length);
}
function at(row, column) {
    return row[column] ?? Number.POSITIVE_INFINITY;
}
