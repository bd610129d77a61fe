import { formatDuration } from '../src/base/format.ts'
import type { ExplanationStep, RequestLife } from '../src/contracts/explanation.ts'
import { waitWords } from '../src/contracts/wait-words.ts'
import { isHarmless, phases, phaseWords } from '../src/observe/attempt-words.ts'
import { waitsOf } from '../src/observe/waits.ts'
import { href } from './route.ts'

/** One life of a request on a scale of time: a lane for itself with its waits, and a lane for each attempt with its phases. */
interface Scale {
  readonly from: number
  readonly span: number
}

const shownAttempts = 60

export function Waterfall({ life, title }: { life: RequestLife; title: string }) {
  const { acceptedAt, settledAt, timeline } = life
  const lastStep = timeline.at(-1)?.at ?? acceptedAt
  const end = Math.max(settledAt ?? lastStep, lastStep, acceptedAt + 1)
  const scale = { from: acceptedAt, span: end - acceptedAt }
  const attempts = timeline.filter((step) => step.step === 'attempt')
  const waits = waitsOf(life).filter(({ ms }) => ms > 0)
  return (
    <section class="waterfall" aria-label={title}>
      <h2>{title}</h2>
      <ul class="legend" aria-hidden="true">
        <li>
          <i class="segment wait" /> waits
        </li>
        {phases.slice(0, 6).map((phase) => (
          <li key={phase}>
            <i class={`segment ${phase}`} /> {phaseWords[phase]}
          </li>
        ))}
      </ul>
      <ol class="lanes">
        <li class="lane scale-lane" aria-hidden="true">
          <span />
          <span class="track">
            {ticks(scale.span).map((ms) => (
              <i key={ms} class="tick" style={{ left: `${(ms / scale.span) * 100}%` }}>
                {formatDuration(ms)}
              </i>
            ))}
          </span>
          <span />
        </li>
        <li class="lane">
          <span class="lane-name">request</span>
          <span class="track">
            {waits.map(({ at, ms, reason }) => (
              <Segment
                key={`${at} ${reason}`}
                scale={scale}
                at={at}
                ms={ms}
                kind="wait"
                word={`waits ${formatDuration(ms)}: ${wordOf(reason)}`}
              />
            ))}
            {timeline.map((step, at) => (
              <Mark key={`${at} ${step.step}`} scale={scale} step={step} />
            ))}
          </span>
          <span class="lane-end">{life.reason ?? life.end}</span>
        </li>
        {attempts.slice(0, shownAttempts).map((attempt) => (
          <AttemptLane key={attempt.attempt} life={life} attempt={attempt} scale={scale} end={end} />
        ))}
      </ol>
      {attempts.length > shownAttempts && (
        <p class="quiet">{attempts.length - shownAttempts} more attempts are not drawn.</p>
      )}
      {waits.length > 0 && (
        <ul class="lines waits">
          {waits.map(({ at, ms, reason }) => (
            <li key={`${at} ${reason}`}>
              <b class="n">{formatDuration(ms)}</b> it waited {wordOf(reason)}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

type AttemptStep = Extract<ExplanationStep, { step: 'attempt' }>

interface AttemptLaneProps {
  readonly life: RequestLife
  readonly attempt: AttemptStep
  readonly scale: Scale
  readonly end: number
}

function AttemptLane({ life, attempt, scale, end }: AttemptLaneProps) {
  const outcome = life.timeline.find((step) => step.step === 'outcome' && step.attempt === attempt.attempt)
  const isOver = outcome?.step === 'outcome'
  const open = life.settledAt === undefined ? 'under way' : 'ended with the request'
  const isAnswer = isOver && life.answeredBy === attempt.attempt
  const tone = isAnswer ? 'good-text' : isOver && !isHarmless(outcome.verdict) ? 'alarm-text' : 'quiet'
  const segments = isOver
    ? segmentsOf(attempt.at, outcome)
    : [{ at: attempt.at, ms: end - attempt.at, kind: 'open', word: open }]
  return (
    <li class="lane">
      <span class="lane-name">
        {attempt.attempt} · {attempt.why} · <a href={href('proxy', { id: attempt.proxy })}>{attempt.proxy}</a>
      </span>
      <span class="track">
        {segments.map((segment) => (
          <Segment key={segment.kind} scale={scale} {...segment} />
        ))}
      </span>
      <span class={`lane-end ${tone}`}>
        {isAnswer && '✓ '}
        {isOver ? `${outcome.reason} · ${formatDuration(outcome.elapsedMs)}` : open}
      </span>
    </li>
  )
}

interface Part {
  readonly at: number
  readonly ms: number
  readonly kind: string
  readonly word: string
}

function segmentsOf(start: number, outcome: Extract<ExplanationStep, { step: 'outcome' }>): Part[] {
  let at = start
  const parts = phases.flatMap((phase): Part[] => {
    const ms = outcome.phases[phase] ?? 0
    at += ms
    return ms > 0
      ? [{ at: at - ms, ms, kind: phase, word: `${phaseWords[phase]} ${formatDuration(ms)}` }]
      : []
  })
  const rest = outcome.elapsedMs - (at - start)
  if (rest > 1)
    parts.push({ at, ms: rest, kind: 'rest', word: `until it was judged ${formatDuration(rest)}` })
  return parts
}

function Segment({ scale, at, ms, kind, word }: Part & { readonly scale: Scale }) {
  const from = ((at - scale.from) / scale.span) * 100
  const wide = Math.min(100 - from, (ms / scale.span) * 100)
  return (
    <i
      class={`segment ${kind}`}
      title={word}
      style={{ left: `${from}%`, width: `max(2px, ${Math.max(0, wide)}%)` }}
    >
      <span class="unseen">{word}; </span>
    </i>
  )
}

function Mark({ scale, step }: { scale: Scale; step: ExplanationStep }) {
  const word = markOf(step)
  if (word === undefined) return null
  return (
    <i class="mark" title={word} style={{ left: `${((step.at - scale.from) / scale.span) * 100}%` }}>
      <span class="unseen">{word}; </span>
    </i>
  )
}

function markOf(step: ExplanationStep): string | undefined {
  switch (step.step) {
    case 'held':
      return `the answer of ${step.proxy} is held: ${step.reason}`
    case 'judged':
      return `the answers were compared: ${step.finding}`
    case 'redirect':
      return `redirected to ${step.to}`
    case 'read':
      return `the page was read: ${step.items} items, ${step.links} links`
    case 'stored':
      return `stored by ${step.sinks.join(', ')}`
    case 'settled':
      return `settled: ${step.as}`
    default:
      return undefined
  }
}

const otherWaits: Readonly<Record<string, string>> = {
  robots: 'for robots.txt of its host',
  session: 'for its session to begin',
  room: 'for room: as many tasks as may be are under way',
  backoff: 'after a failed attempt',
  challenge: 'for the resolver of a challenge',
  'in line': 'in line for a proxy',
}

function wordOf(reason: string): string {
  return (waitWords as Readonly<Record<string, string>>)[reason] ?? otherWaits[reason] ?? `for ${reason}`
}

/** Times that people like: 1, 2 or 5 of a unit. */
function ticks(span: number): number[] {
  const rough = span / 6
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((each) => each * unit >= rough) ?? 10) * unit
  // The last one would stand beyond the end.
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, at) => at * step).filter(
    (ms) => ms < span * 0.96,
  )
}
