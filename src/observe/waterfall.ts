import { markupText } from '../base/foreign-text.ts'
import { formatDuration } from '../base/format.ts'
import type { Explanation, ExplanationStep, RequestLife } from '../contracts/explanation.ts'
import { isHarmless, phases, phaseWords } from './attempt-words.ts'
import { waitsOf } from './waits.ts'
import { waterfallStyle } from './waterfall-style.ts'

/**
 * An explanation as a picture: a lane for the request itself with its waits (hatched) and what the crawl did, and a lane for
 * each attempt with its phases, on one scale of time for each life. One SVG that needs nothing else, light or dark as its
 * reader's system is.
 */
const width = 960
const left = 250
const right = 190
const laneHeight = 26
const barHeight = 14
const lineHeight = 18
const shownAttempts = 40

/** The text of an SVG file. */
export function waterfall(explanation: Explanation): string {
  const lives: readonly RequestLife[] = [...explanation.earlier, explanation]
  const parts: string[] = []
  let y = 28
  for (const row of wrapped(explanation.answer, 108)) {
    parts.push(text(16, y, row, 'answer'))
    y += lineHeight
  }
  parts.push(text(16, y + 2, cut(explanation.url, 130), 'quiet'))
  y += lineHeight + 8
  parts.push(legend(y))
  y += 28
  for (const [at, life] of lives.entries()) {
    const title = lives.length > 1 ? `Life ${at + 1} of ${lives.length}: ${life.end}` : undefined
    const drawn = drawLife(life, y, title)
    parts.push(drawn.svg)
    y = drawn.y + 16
  }
  const label = markupText(`${explanation.answer} ${explanation.url}`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="${label}">
<style>${waterfallStyle}</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>
<rect class="paper" width="${width}" height="${y}"/>
${parts.join('\n')}
</svg>
`
}

interface Scale {
  /** Clock ms at the left end. */
  readonly from: number
  readonly span: number
}

function drawLife(life: RequestLife, top: number, title: string | undefined): { svg: string; y: number } {
  const { timeline, acceptedAt, settledAt } = life
  const lastStep = timeline.at(-1)?.at ?? acceptedAt
  const end = Math.max(settledAt ?? lastStep, lastStep, acceptedAt + 1)
  const scale: Scale = { from: acceptedAt, span: (end - acceptedAt) * 1.02 }
  const attempts = timeline.filter((step) => step.step === 'attempt')
  const shown = attempts.slice(0, shownAttempts)
  const more = attempts.length - shown.length
  const parts: string[] = []
  let y = top
  if (title !== undefined) {
    parts.push(text(16, y + 12, title, 'title'))
    y += lineHeight + 6
  }
  const lanes = 1 + shown.length
  const bottom = y + 18 + lanes * laneHeight
  parts.push(axis(scale, y, bottom))
  y += 18
  parts.push(requestLane(life, scale, y))
  y += laneHeight
  for (const attempt of shown) {
    parts.push(attemptLane(attempt, life, scale, y, end))
    y += laneHeight
  }
  if (more > 0) {
    parts.push(text(16, y + 14, `… and ${more} more attempts`, 'quiet'))
    y += laneHeight
  }
  return { svg: parts.join('\n'), y }
}

function requestLane(life: RequestLife, scale: Scale, y: number): string {
  const middle = y + barHeight / 2 + 4
  const waits = waitsOf(life)
  const open = life.settledAt === undefined ? waits.at(-1) : undefined
  const bars = waits
    .filter(({ ms }) => ms > 0)
    .map(({ at, ms, reason }) => bar(scale, at, ms, y, 'wait', `waits ${formatDuration(ms)}: ${reason}`))
  const marks = life.timeline.flatMap((step) => {
    const said = markOf(step)
    return said === undefined ? [] : [mark(x(scale, step.at), middle, said)]
  })
  const longest = waits.toSorted((one, other) => other.ms - one.ms)[0]
  const tail = open
    ? `waits: ${open.reason}`
    : `${life.end}${life.reason === undefined ? '' : `, ${life.reason}`}`
  const name = longest && longest.ms > 0 ? `request · waits for ${longest.reason}` : 'request'
  return [
    text(16, middle + 4, cut(name, 36), 'name'),
    ...bars,
    ...marks,
    text(width - right + 12, middle + 4, cut(tail, 27), isGood(life) ? 'good' : 'bad'),
  ].join('\n')
}

function isGood({ end }: RequestLife): boolean {
  return end === 'answered'
}

type AttemptStep = Extract<ExplanationStep, { step: 'attempt' }>

function attemptLane(attempt: AttemptStep, life: RequestLife, scale: Scale, y: number, end: number): string {
  const middle = y + barHeight / 2 + 4
  const outcome = life.timeline.find((step) => step.step === 'outcome' && step.attempt === attempt.attempt)
  const name = text(16, middle + 4, cut(`${attempt.attempt} · ${attempt.why} · ${attempt.proxy}`, 36), 'name')
  if (outcome?.step !== 'outcome') {
    const open = bar(scale, attempt.at, end - attempt.at, y, 'open', 'under way')
    return [name, open, text(width - right + 12, middle + 4, 'under way', 'quiet')].join('\n')
  }
  const bars: string[] = []
  let at = attempt.at
  for (const phase of phases) {
    const ms = outcome.phases[phase] ?? 0
    if (ms > 0) bars.push(bar(scale, at, ms, y, phase, `${phaseWords[phase]} ${formatDuration(ms)}`))
    at += ms
  }
  const rest = outcome.elapsedMs - (at - attempt.at)
  if (rest > 1) bars.push(bar(scale, at, rest, y, 'rest', `until it was judged ${formatDuration(rest)}`))
  const isAnswer = life.answeredBy === outcome.attempt
  const style = isAnswer ? 'good' : isHarmless(outcome.verdict) ? 'quiet' : 'bad'
  const said = `${isAnswer ? '✓ ' : ''}${outcome.reason} · ${formatDuration(outcome.elapsedMs)}`
  return [name, ...bars, text(width - right + 12, middle + 4, cut(said, 27), style)].join('\n')
}

/** Waits, and the phases that have a colour of their own. */
const legendWords: readonly (readonly [style: string, word: string])[] = [
  ['wait', 'waits'],
  ...phases.slice(0, phases.indexOf('redirect')).map((phase) => [phase, phaseWords[phase]] as const),
]

function legend(y: number): string {
  let at = 16
  return legendWords
    .map(([style, word]) => {
      const from = at
      at += 30 + word.length * 7
      return `<rect class="${style}" x="${from}" y="${y - 9}" width="12" height="10" rx="2"/>${text(from + 17, y, word, 'quiet')}`
    })
    .join('')
}

function markOf(step: ExplanationStep): string | undefined {
  if (step.step === 'held') return `answer of ${step.proxy} held: ${step.reason}`
  if (step.step === 'judged') return `answers compared: ${step.finding}`
  if (step.step === 'redirect') return `redirected to ${step.to}`
  if (step.step === 'read') return `page read: ${step.items} items, ${step.links} links`
  if (step.step === 'stored') return `stored by ${step.sinks.join(', ')}`
  return step.step === 'settled' ? `settled: ${step.as}` : undefined
}

/** A grid with times that people like: 1, 2 or 5 of a unit. */
function axis(scale: Scale, top: number, bottom: number): string {
  const rough = scale.span / 6
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((each) => each * unit >= rough) ?? 10) * unit
  const ticks: string[] = []
  for (let ms = 0; ms <= scale.span; ms += step) {
    const at = x(scale, scale.from + ms)
    ticks.push(
      `<line class="grid" x1="${at}" y1="${top + 14}" x2="${at}" y2="${bottom}"/>${text(at, top + 10, timeWord(ms, step), 'tick')}`,
    )
  }
  return ticks.join('')
}

function timeWord(ms: number, step: number): string {
  if (ms === 0) return '0'
  if (step >= 1_000) return `${Math.round(ms / 1_000)} s`
  return ms >= 1_000
    ? `${(ms / 1_000).toFixed(step >= 100 ? 1 : 2)} s`
    : `${ms < 1 ? ms.toFixed(1) : Math.round(ms * 10) / 10} ms`
}

function x({ from, span }: Scale, at: number): number {
  return round(left + ((at - from) / span) * (width - left - right))
}

function bar(scale: Scale, at: number, ms: number, y: number, style: string, title: string): string {
  const from = x(scale, at)
  const wide = Math.max(1, round(x(scale, at + ms) - from))
  return `<rect class="${style}" x="${from}" y="${y + 4}" width="${wide}" height="${barHeight}"><title>${markupText(title)}</title></rect>`
}

function mark(at: number, y: number, title: string): string {
  return `<circle class="mark" cx="${at}" cy="${y}" r="4"><title>${markupText(title)}</title></circle>`
}

function text(at: number, y: number, words: string, style: string): string {
  return `<text class="${style}" x="${at}" y="${y}">${markupText(words)}</text>`
}

function cut(words: string, most: number): string {
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`
}

function wrapped(words: string, most: number): string[] {
  const rows: string[] = ['']
  for (const word of words.split(' ')) {
    const row = rows.at(-1)!
    if (row !== '' && row.length + word.length + 1 > most) rows.push(word)
    else rows[rows.length - 1] = row === '' ? word : `${row} ${word}`
  }
  return rows.map((row) => cut(row, most + 10))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
