/**
 * A link that lacks a slash (`docs/` for `/docs/`) adds itself to the path of every page that the server makes up for
 * it: /docs/docs/docs/… Heritrix rejects three equal segments in a row. We allow one more, because places have such
 * names (/luxembourg/luxembourg/luxembourg), and twice as many of numbers, because map tiles do (/0/0/0). Longer
 * patterns (/a/b/a/b/a/b) and one word all over the path count too.
 */
export function repeatsItself(segments: readonly string[], times: number): boolean {
  for (let size = 1; size * times <= segments.length; size++) {
    let run = 0
    let words = 0
    for (let at = size; at < segments.length; at++) {
      const isSame = segments[at] === segments[at - size]
      run = isSame ? run + 1 : 0
      words = isSame ? words + (isNumber(segments[at]!) ? 0 : 1) : 0
      const needed = words === 0 ? times * 2 : size === 1 ? times + 1 : times
      if (run >= size * (needed - 1)) return true
    }
  }
  return segments.length >= times * 2 && mostFrequent(segments) >= times * 2
}

function mostFrequent(segments: readonly string[]): number {
  const counts = new Map<string, number>()
  let most = 0
  for (const segment of segments) {
    if (isNumber(segment)) continue
    const count = (counts.get(segment) ?? 0) + 1
    counts.set(segment, count)
    most = Math.max(most, count)
  }
  return most
}

function isNumber(segment: string): boolean {
  return /^\d+$/.test(segment)
}

/** A query that says the same thing again and again, or one name without end. */
export function queryRepeatsItself(search: string, times: number): boolean {
  const pairs = search.slice(1).split('&')
  if (pairs.length <= times) return false
  const counts = new Map<string, number>()
  for (const pair of pairs) {
    if (pair === '') continue
    const same = (counts.get(pair) ?? 0) + 1
    counts.set(pair, same)
    if (same > times) return true
    const name = `${pair.split('=', 1)[0]}=*`
    const named = (counts.get(name) ?? 0) + 1
    counts.set(name, named)
    // A form with fifty boxes ticked is a form.
    if (named > manyValues) return true
  }
  return false
}

const manyValues = 64
