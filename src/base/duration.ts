const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** By the first letters of what people write: `sec`, `seconds`, `min`, `hrs`. */
const names =
  /^(?:(ms|millis(?:econds?)?|milliseconds?)|(s|secs?|seconds?)|(m|mins?|minutes?)|(h|hrs?|hours?)|(d|days?))$/

const longest = 64

/**
 * `500ms`, `30s`, `1.5m`, `1h30m`, `2 minutes` → milliseconds. Undefined for everything else, a number without a unit
 * among it: that would be read both ways.
 */
export function parseDuration(text: string): number | undefined {
  const rest = text.trim().toLowerCase()
  if (rest === '' || rest.length > longest) return undefined
  const part = /(\d{1,15}(?:\.\d{1,9})?) ?([a-z]{1,12})(?: |(?=\d)|$)/gy
  let sum = 0
  let end = 0
  for (let found = part.exec(rest); found; found = part.exec(rest)) {
    const unit = unitOf(found[2]!)
    if (unit === undefined) return undefined
    sum += Number(found[1]) * unit
    end = part.lastIndex
  }
  return end === rest.length ? sum : undefined
}

function unitOf(word: string): number | undefined {
  const groups = names.exec(word)?.slice(1) ?? []
  const at = groups.findIndex((group) => group !== undefined)
  return at < 0 ? undefined : Object.values(units)[at]
}
