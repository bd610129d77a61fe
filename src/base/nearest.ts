/**
 * The known name that a mistyped one stands for: the nearest by Levenshtein's distance with transpositions
 * (optimal string alignment), whatever the case; undefined when a third of its letters or more would be wrong.
 */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, typed.length / 3)
  for (const name of known) {
    const distance = distanceOf(typed.toLowerCase(), name.toLowerCase())
    if (distance >= least) continue
    least = distance
    best = name
  }
  return best
}

/** One row of the table at a time, as only the last two are looked at. */
function distanceOf(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1]
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (isSame ? 0 : 1))
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      if (isSwapped) least = Math.min(least, before[j - 2]! + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return row[other.length]!
}
