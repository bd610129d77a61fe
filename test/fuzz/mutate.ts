import fc from 'fast-check'

/**
 * Texts as strangers break them: a whole specimen is cut into the units of its grammar (tags, lines, fields), and a few steps
 * leave out, double, move, mix, nest or bend them. Random characters alone would never get past the first check of a parser.
 */
export interface Grammar {
  readonly samples: readonly string[]
  /** Matches one unit after the other, and all of a text. */
  readonly unit: RegExp
  /** What is put between units: beginnings, ends, and what a parser looks for. */
  readonly tokens: readonly string[]
}

interface Step {
  readonly kind: number
  /** Places in the text and in the stock, as shares of 1,000,000. */
  readonly at: number
  readonly to: number
  readonly stock: number
  readonly times: number
}

const place = fc.nat(1_000_000)

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.nat(9),
  at: place,
  to: place,
  stock: place,
  times: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 5, max: 20_000 }) },
  ),
})

/** Texts of up to `longest` characters; one in twenty is no specimen of anything. */
export function brokenTexts({ samples, unit, tokens }: Grammar, longest: number): fc.Arbitrary<string> {
  const whole = fc
    .tuple(fc.nat(samples.length - 1), fc.array(step, { maxLength: 5 }))
    .map(([sample, steps]) => {
      let units = unitsOf(samples[sample]!, unit)
      for (const each of steps) units = apply(each, units, { samples, unit, tokens }, longest)
      return units.join('').slice(0, longest)
    })
  return fc.oneof(
    { weight: 19, arbitrary: whole },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  )
}

function unitsOf(text: string, unit: RegExp): string[] {
  return text.match(unit)?.filter((each) => each !== '') ?? [text]
}

function apply(
  { kind, at, to, stock, times }: Step,
  units: string[],
  grammar: Grammar,
  longest: number,
): string[] {
  const index = (share: number, size: number) => Math.min(size - 1, Math.floor((share / 1_000_001) * size))
  const pick = <T>(list: readonly T[], share: number): T => list[index(share, list.length)]!
  if (units.length === 0) return [pick(grammar.tokens, stock)]
  const from = index(at, units.length)
  const until = Math.min(units.length, from + 1 + (to % 4))
  const [before, part, after] = [units.slice(0, from), units.slice(from, until), units.slice(until)]
  const length = Math.max(1, part.join('').length)
  const often = Math.min(times, Math.ceil(longest / length))
  switch (kind) {
    case 0:
      return [...before, ...after]
    case 1:
      return [...before, ...Array.from({ length: often }, () => part).flat(), ...after]
    case 2:
      return [...after, ...part, ...before]
    case 3:
      return [...before, pick(unitsOf(pick(grammar.samples, stock), grammar.unit), to), ...after]
    case 4:
    case 5: {
      const token = pick(grammar.tokens, stock)
      return [...before, token.repeat(Math.min(times, Math.ceil(longest / token.length))), ...part, ...after]
    }
    case 6:
      return [...before, ...part]
    case 7:
      return [...before, ...part, pick(grammar.samples, stock), ...after]
    default:
      return [...before, bent(part.join(''), kind, to, pick(odd, stock)), ...after]
  }
}

const odd = [
  '\0',
  '\ufeff',
  '\u00a0',
  '\r',
  '\n',
  '\t',
  ' ',
  '"',
  "'",
  '<',
  '%',
  '\\',
  '\ud800',
  '😀',
  'é',
  '9',
  '-',
  ':',
]

/** One character less or more, or all of another case. */
function bent(text: string, kind: number, share: number, character: string): string {
  const at = share % (text.length + 1)
  if (kind === 8) return text.slice(0, at) + (share % 2 === 0 ? character : '') + text.slice(at + 1)
  return share % 2 === 0 ? text.toUpperCase() : text.toLowerCase()
}
