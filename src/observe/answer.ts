import { counted, formatDuration } from '../base/format.ts'
import { redact } from '../base/redact.ts'
import type { Explanation, ExplanationStep, RequestLife } from '../contracts/explanation.ts'
import type { Phase } from '../contracts/outcome.ts'
import { phaseWords } from './attempt-words.ts'
import { causeOf, waitCauseOf } from './causes.ts'
import { waitsOf } from './waits.ts'

/**
 * The first line of an explanation: what became of the request, why, and what to do. A task ends for a general reason
 * (`blocked-everywhere`, `deadline`), so the cause is looked for in its attempts too: what most of them met.
 */

/** All lives of one request as one explanation; undefined of none. */
export function explanationOf(lives: readonly RequestLife[]): Explanation | undefined {
  const inOrder = lives.toSorted((one, other) => one.begunAt - other.begunAt)
  const last = inOrder.at(-1)
  return last && { answer: answerOf(last, inOrder.length), ...last, earlier: inOrder.slice(0, -1) }
}

/** Whether `which` names this life: by the id of its task or of its request, or by URL, however that is written. */
export function isOf(
  { task, request, url }: Pick<RequestLife, 'task' | 'request' | 'url'>,
  which: string,
): boolean {
  if (which === '') return false
  if (task === which || request === which || url === which) return true
  const wanted = URL.parse(which)
  if (!wanted) return false
  wanted.hash = ''
  return redact(url) === redact(wanted.href) || redact(url) === redact(which)
}

/** General reasons, behind which an attempt's own reason stands. */
const general: ReadonlySet<string> = new Set([
  'blocked-everywhere',
  'path-faults',
  'target-faults',
  'host-failing',
  'host-unreachable',
  'deadline',
  'session-lost',
  'no-way-out',
  'not-repeatable',
  'rate-limited',
  'aborted',
  'stopped',
  'spent',
])

function answerOf(life: RequestLife, lives: number): string {
  const { end, reason = '' } = life
  const sentence =
    end === 'answered' && !isTrouble(reason)
      ? answered(life)
      : end === 'running' || end === 'interrupted'
        ? underWay(life)
        : ended(life)
  // What a sink or a source says of its failure may have lines of its own.
  const line = sentence.replace(/\s+/g, ' ')
  return lives > 1 ? `${line} (life ${lives} of ${lives})` : line
}

function isTrouble(reason: string): boolean {
  return reason === 'item-invalid' || reason === 'sink-failed'
}

function answered(life: RequestLife): string {
  const last = outcomesOf(life).find(({ attempt }) => attempt === life.answeredBy)
  const read = life.timeline.find((step) => step.step === 'read')
  const over = last?.proxy ?? read?.via
  const status = last?.status ?? read?.status
  const took = formatDuration((life.settledAt ?? life.acceptedAt) - life.acceptedAt)
  const said = causeOf(life.reason ?? '')
  const refused = status !== undefined && status >= 400 && said ? `: ${said.what}` : ''
  const parts = [`Answered with ${status ?? 'a page'}${over ? ` over ${over}` : ''} in ${took}${refused}`]
  const lost = dominantOf(life)
  if (lost && lost.count > 0 && lost.reason !== life.reason) {
    parts.push(`before that ${counted(lost.count, 'attempt')} failed: ${lost.what} (${lost.reason})`)
  }
  const slowest = slowestOf(life)
  if (life.reason === 'accepted')
    parts.push('it was taken as it is: all exits bring the same, or its caller wants it')
  if (life.kept === 'slow' && slowest) parts.push(slowest)
  return `${parts.join('; ')}.`
}

/** Failed, skipped, back in its queue, or with trouble behind its answer. */
function ended(life: RequestLife): string {
  const { reason = 'unknown', detail, end } = life
  const said = causeOf(reason)
  const lost = dominantOf(life)
  const isGeneral = general.has(reason) || said === undefined
  const head = { failed: 'Given up', skipped: 'Not asked', requeued: 'Back in its queue' } as const
  const first = end === 'failed' || end === 'skipped' || end === 'requeued' ? head[end] : 'Answered'
  const came = end === 'skipped' && life.timeline.some(({ step }) => step === 'read') ? 'Left out' : first
  const wait = lastWait(life)
  if (end === 'requeued' && (reason === 'yielded' || said === undefined) && wait) {
    const cause = waitCauseOf(wait.reason)
    const behind = lost ? `; its last attempts: ${lost.what} (${lost.reason})` : ''
    return `${came}: ${cause.what} (${wait.reason})${behind}. → ${sentenceOf(cause.todo)}`
  }
  const what = said?.what ?? detail ?? reason
  const attempts =
    isGeneral && lost
      ? `; ${lost.count === 1 ? 'its attempt' : `${lost.count} attempts`} over ${counted(lost.proxies, 'proxy', 'proxies')}: ${lost.what} (${lost.reason})`
      : ''
  const waited = isGeneral && wait && (reason === 'deadline' || !lost) ? waitedFor(life, wait) : ''
  const cut = isGeneral && !lost && reason !== 'deadline' ? cutOf(life) : ''
  const isNews = detail !== undefined && !said?.what.includes(clause(detail))
  const own =
    said !== undefined && isNews && (!isGeneral || reason === 'deadline') ? `: ${clause(detail)}` : ''
  const isLosts = isGeneral && lost !== undefined && reason !== 'not-repeatable'
  const todo = isLosts ? lost.todo : (said?.todo ?? 'see the steps below')
  return `${came}: ${what}${own} (${reason})${attempts}${cut}${waited}. → ${sentenceOf(todo)}`
}

function underWay(life: RequestLife): string {
  const isOver = life.end === 'interrupted'
  const head = isOver ? 'Its process ended while it was under way' : 'Under way'
  const last = life.timeline.at(-1)
  const lost = dominantOf(life)
  const wait = lastWait(life)
  const behind = lost
    ? `; so far ${counted(lost.count, 'attempt')} failed: ${lost.what} (${lost.reason})`
    : ''
  const goOn = isOver ? ' It is asked again when the crawl goes on.' : ''
  if (last?.step === 'attempt')
    return `${head}: attempt ${last.attempt} ${isOver ? 'ran' : 'runs'} over ${last.proxy}${behind}. → ${sentenceOf(lost?.todo ?? 'wait for it')}${goOn}`
  if (wait && (last?.step === 'parked' || last?.step === 'waits')) {
    const cause = waitCauseOf(wait.reason)
    return `${head}: it ${isOver ? 'waited' : 'waits'}: ${cause.what} (${wait.reason})${behind}. → ${sentenceOf(lost?.todo ?? cause.todo)}${goOn}`
  }
  return `${head}${behind}. → ${sentenceOf(lost?.todo ?? 'wait for it')}${goOn}`
}

type OutcomeStep = Extract<ExplanationStep, { step: 'outcome' }>
type WaitStep = Extract<ExplanationStep, { step: 'parked' | 'waits' }>

function outcomesOf({ timeline }: RequestLife): OutcomeStep[] {
  return timeline.filter((step) => step.step === 'outcome')
}

/** The attempt that was cut off by the end of its task: it comes home later, or never. */
function cutOf(life: RequestLife): string {
  const ended = outcomesOf(life).filter(({ reason }) => reason !== 'cancelled')
  const homes = new Set(ended.map(({ attempt }) => attempt))
  const cut = life.timeline.findLast((step) => step.step === 'attempt' && !homes.has(step.attempt))
  if (cut?.step !== 'attempt') return ''
  const ms = (life.settledAt ?? cut.at) - cut.at
  return `; attempt ${cut.attempt} over ${cut.proxy} had been under way for ${formatDuration(ms)}`
}

/** What most of the attempts that were lost have met. */
function dominantOf(life: RequestLife) {
  const outcomes = outcomesOf(life).filter(({ attempt, won }) => !won && attempt !== life.answeredBy)
  const own = outcomes.filter(
    ({ reason, verdict, fault }) =>
      reason !== 'cancelled' &&
      reason !== 'stale-socket' &&
      verdict !== 'success' &&
      (verdict !== 'final' || fault !== undefined),
  )
  const counts = new Map<string, OutcomeStep[]>()
  for (const outcome of own) counts.set(outcome.reason, [...(counts.get(outcome.reason) ?? []), outcome])
  const [found] = [...counts].sort(([, one], [, other]) => other.length - one.length)
  if (!found) return undefined
  const [reason, met] = found
  const isDirect = met.every(({ proxy }) => proxy === 'direct')
  const cause = causeOf(reason, isDirect)
  const proxies = new Set(met.map(({ proxy }) => proxy)).size
  const what = cause?.what ?? `a classifier of your own says ${reason}`
  return { reason, count: met.length, proxies, what, todo: cause?.todo ?? 'see your classifier' }
}

function lastWait({ timeline }: RequestLife): WaitStep | undefined {
  return timeline.findLast((step) => step.step === 'parked' || step.step === 'waits')
}

function waitedFor(life: RequestLife, wait: WaitStep): string {
  const cause = waitCauseOf(wait.reason)
  const ms = (life.settledAt ?? wait.at) - wait.at
  return `; it waited ${formatDuration(ms)}: ${cause.what} (${wait.reason})`
}

/** Of a slow one: where most of its time went. */
function slowestOf(life: RequestLife): string | undefined {
  const waits = waitsOf(life).map(({ reason, ms }) => ({ what: `waiting (${reason})`, ms }))
  const phases = outcomesOf(life).flatMap(({ attempt, phases }) =>
    Object.entries(phases).map(([phase, ms]) => ({
      what: `${phaseWords[phase as Phase]} of attempt ${attempt}`,
      ms,
    })),
  )
  const [most] = [...waits, ...phases].sort((one, other) => other.ms - one.ms)
  return most && `most of that was ${most.what}: ${formatDuration(most.ms)}`
}

function clause(text: string): string {
  return text.replace(/\.$/, '')
}

/** With its first letter and its end, unless that letter belongs to the name of an option. */
function sentenceOf(text: string): string {
  const [word = ''] = text.split(' ')
  const isName = /[A-Z:().]/.test(word.slice(1))
  return `${isName ? text : text.charAt(0).toUpperCase() + text.slice(1)}${text.endsWith('?') ? '' : '.'}`
}
