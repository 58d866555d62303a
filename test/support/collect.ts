/** Everything that an iterable yields, in order. (TypeScript has Array.fromAsync in lib "esnext" alone.) */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
