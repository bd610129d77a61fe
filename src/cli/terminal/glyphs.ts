/**
 * What bars and trends are drawn with. A terminal whose locale is not UTF-8 shows anything but ASCII as rubbish, and the
 * console of Linux has no blocks in its font.
 */
export interface Glyphs {
  /** Eighths of a cell, from one to eight. */
  readonly eighths: readonly string[]
  readonly rest: string
  /** Heights of a trend, lowest first. */
  readonly heights: readonly string[]
  readonly isUnicode: boolean
}

export const unicodeGlyphs: Glyphs = {
  eighths: ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
  rest: '░',
  heights: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  isUnicode: true,
}

export const asciiGlyphs: Glyphs = {
  eighths: ['#'],
  rest: '.',
  heights: ['_', '.', '-', '=', '+', '*', '#'],
  isUnicode: false,
}

type Environment = Readonly<Record<string, string | undefined>>

/** By the locale: the first of LC_ALL, LC_CTYPE and LANG that says anything. */
export function glyphsFor(env: Environment): Glyphs {
  if (env.TERM === 'linux') return asciiGlyphs
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  const isModern = env.WT_SESSION !== undefined || env.TERM_PROGRAM === 'vscode'
  return /utf-?8/i.test(locale) || (locale === '' && isModern) ? unicodeGlyphs : asciiGlyphs
}

const known: Readonly<Record<string, string>> = {
  '·': '|',
  '…': '~',
  '–': '-',
  '—': '-',
  '×': 'x',
  '→': '>',
  '↓': 'v',
}

/** A line for a terminal that shows nothing but ASCII; each character stays one. */
export function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (each) => known[each] ?? '?')
}

/** A bar of `cells` cells, of which `share` in [0, 1] are full. Any progress shows, and only what is whole is full. */
export function bar(share: number, cells: number, { eighths, rest }: Glyphs): { full: string; rest: string } {
  const steps = eighths.length
  const wanted = Math.min(1, Math.max(0, share)) * cells * steps
  const filled = share >= 1 ? cells * steps : Math.min(cells * steps - 1, Math.floor(wanted))
  const whole = Math.floor(filled / steps)
  const part = filled % steps
  const full = eighths[steps - 1]!.repeat(whole) + (part > 0 ? eighths[part - 1]! : '')
  return { full, rest: rest.repeat(cells - whole - (part > 0 ? 1 : 0)) }
}

/** A few full cells that wander to and fro: something moves, and nobody knows how far it is. `at` counts steps. */
export function pulse(
  at: number,
  cells: number,
  { eighths, rest }: Glyphs,
): { before: string; full: string; rest: string } {
  const size = Math.max(1, Math.min(3, cells - 1))
  const room = Math.max(1, cells - size)
  const step = Math.floor(at) % (room * 2)
  const place = step < room ? step : room * 2 - step
  return {
    before: rest.repeat(place),
    full: eighths.at(-1)!.repeat(size),
    rest: rest.repeat(Math.max(0, cells - size - place)),
  }
}

/** A trend, one cell a value, from zero to the highest: nothing is cut off below, so that a small change looks small. */
export function sparkline(values: readonly number[], { heights }: Glyphs): string {
  const most = Math.max(...values, 0)
  return values
    .map((value) =>
      most <= 0 ? heights[0]! : heights[Math.round((Math.max(0, value) / most) * (heights.length - 1))]!,
    )
    .join('')
}
