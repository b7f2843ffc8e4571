/** Numbers from a seed (xorshift32). */
export function makeRandom(seed: number) {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  const word = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (limit: number) => word() % limit;
  return { word, below, pick: <T>(choices: readonly T[]): T => choices[below(choices.length)] as T };
}
