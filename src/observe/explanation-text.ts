import { withoutSteering } from '../base/foreign-text.ts'
import { counted, formatBytes, formatDuration } from '../base/format.ts'
import type { Explanation, ExplanationStep, RequestLife } from '../contracts/explanation.ts'
import type { Phase } from '../contracts/outcome.ts'
import { isHarmless, phaseWords } from './attempt-words.ts'
import { waitCauseOf } from './causes.ts'
import { choiceWords, gateWords, hedgeWords, othersOf, whyWords } from './choice-words.ts'
import { waitsOf } from './waits.ts'

/** An explanation as text for a person: the answer first, then every life in order, step by step, and what stands behind each. */
export interface TextLook {
  /** Columns; lines are broken at words. Default 100. */
  readonly width?: number | undefined
  /** With escape codes of a terminal. Default false. */
  readonly colour?: boolean | undefined
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'plain'

interface Line {
  /** Stands before the text, and is not broken. */
  readonly head: string
  readonly text: string
  readonly style: Style
}

const codes: Record<Style, string> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', plain: '' }
/** Columns before a step, and before what stands behind it. */
const timeColumns = 11

/** Ends with a line end. */
export function explanationText(
  explanation: Explanation,
  { width = 100, colour = false }: TextLook = {},
): string {
  const { earlier, answer } = explanation
  const lives: readonly RequestLife[] = [...earlier, explanation]
  const lines: Line[] = [line('', answer, 'bold'), blank, ...headOf(explanation)]
  for (const [at, life] of lives.entries()) {
    lines.push(blank)
    if (lives.length > 1)
      lines.push(line('', `Life ${at + 1} of ${lives.length}: ${lifeWords(life, at)}`, 'bold'))
    lines.push(...stepsOf(life))
  }
  return `${lines.flatMap((each) => wrap(each, Math.max(40, width), colour)).join('\n')}\n`
}

function headOf({
  url,
  task,
  request,
  crawl,
  depth,
  foundOn,
  begunAt,
  acceptedAt,
  settledAt,
  kept,
}: Explanation): Line[] {
  const ids = [crawl && `crawl ${crawl}`, request && `request ${request}`, task && `task ${task}`]
  const took =
    settledAt === undefined ? '' : `, ${formatDuration(settledAt - acceptedAt)} from its beginning to its end`
  const found =
    foundOn === undefined ? (depth === 0 ? 'a seed' : undefined) : `depth ${depth ?? '?'}, on ${foundOn}`
  const whys = {
    failed: 'it did not end well',
    slow: 'it was slow',
    sampled: 'it is one of a sample',
  } as const
  return [
    line('url      ', url),
    line('ids      ', ids.filter((id) => id).join(', '), 'dim'),
    ...(found === undefined ? [] : [line('found    ', found, 'dim')]),
    line('begun    ', `${new Date(begunAt).toISOString()}${took}`, 'dim'),
    ...(kept in whys ? [line('kept     ', whys[kept as keyof typeof whys], 'dim')] : []),
  ]
}

const againWords = {
  requeued: 'taken from the queue again',
  revisit: 'visited again',
  correction: 'asked again, because the exit that brought its page was found lying',
} as const

function lifeWords({ begunAt, again, end, reason }: RequestLife, at: number): string {
  // What was given back is taken as if it had never been.
  const why = at === 0 && again === undefined ? 'the first' : againWords[again ?? 'requeued']
  return `${why}, ${new Date(begunAt).toISOString()}, ${end}${reason === undefined ? '' : ` (${reason})`}`
}

function stepsOf(life: RequestLife): Line[] {
  const waits = new Map(waitsOf(life).map((wait) => [wait.step, wait.ms]))
  const isOpen = life.settledAt === undefined
  const lines = life.timeline.flatMap((step) => {
    const [first, ...behind] = linesOf(step, life, waits.get(step))
    if (!first) return []
    const at = formatDuration(step.at - life.acceptedAt).padStart(timeColumns - 2)
    return [
      { ...first, head: `${at}  ` },
      ...behind.map((each) => ({ ...each, head: `${' '.repeat(timeColumns + 2)}${each.head}` })),
    ]
  })
  if (isOpen)
    lines.push(
      line(
        ' '.repeat(timeColumns),
        life.end === 'interrupted' ? 'nothing more is known: its process ended' : '… and is under way',
        'yellow',
      ),
    )
  return lines
}

function linesOf(step: ExplanationStep, life: RequestLife, waited: number | undefined): Line[] {
  switch (step.step) {
    case 'parked':
    case 'waits': {
      const isLast = life.timeline.at(-1) === step && life.settledAt === undefined
      const long = isLast ? '' : ` ${formatDuration(waited)}`
      const what = waitCauseOf(step.reason).what
      const gates = 'gates' in step && step.gates ? [line('proxies    ', gateWords(step.gates), 'dim')] : []
      return [
        line('', `waits${long}: ${what} (${step.reason})${untilWords(step.until, life)}`, 'yellow'),
        ...gates,
      ]
    }
    case 'lined':
      return (waited ?? 0) < 1
        ? []
        : [line('', `stands in line for a proxy for ${formatDuration(waited)}`, 'yellow')]
    case 'attempt':
      return [
        line('', `attempt ${step.attempt} over ${step.proxy}: ${whyWords[step.why]}`),
        line('chosen     ', choiceWords(step.chosen, step.candidates, step.expected), 'dim'),
        ...(step.chosen.others.length === 0 ? [] : [line('instead of ', othersOf(step.chosen), 'dim')]),
        ...(step.gates ? [line('proxies    ', gateWords(step.gates), 'dim')] : []),
        ...(step.hedge ? [line('hedged     ', hedgeWords(step.hedge), 'dim')] : []),
      ]
    case 'outcome':
      return outcomeLines(step, life)
    case 'redirect':
      return [line('', `is redirected to ${step.to}`)]
    case 'held':
      return [
        line(
          '',
          `answer of ${step.proxy} is held until others have been asked the same: ${heldWords[step.reason]}`,
          'yellow',
        ),
      ]
    case 'judged':
      return [
        line(
          '',
          `answers compared: ${step.finding}${step.taken === undefined ? ', and thrown away' : `, that of ${step.taken} is taken`}`,
        ),
        line(
          'evidence   ',
          `asked ${step.exits.join(', ')}${step.deviants.map(({ proxy, keys, isRepeated }) => `; ${proxy} differs in ${keys.join(', ')}${isRepeated ? ', twice' : ''}`).join('')}`,
          'dim',
        ),
      ]
    case 'read':
      return [
        line(
          '',
          `page read (${step.status}, from ${step.via}): ${counted(step.items, 'item')}, ${counted(step.links, 'link')}${step.edges > 0 ? `, ${counted(step.edges, 'edge')}` : ''}`,
        ),
      ]
    case 'settled': {
      const words = {
        done: 'done',
        dead: 'given up: it has a dead letter',
        skipped: 'skipped',
        requeued: 'goes back into the queue',
      }
      const why = step.reason === undefined ? '' : ` (${step.reason})`
      const detail = step.detail === undefined ? [] : [line('because    ', step.detail, 'dim')]
      return [
        line(
          '',
          `${words[step.as]}${why}${untilWords(step.until, life)}`,
          step.as === 'dead' ? 'red' : 'plain',
        ),
        ...detail,
      ]
    }
    default: {
      const where = step.sinks.length === 0 ? 'no sink' : step.sinks.join(', ')
      if (step.failure !== undefined) return [line('', `not stored in ${where}: ${step.failure}`, 'red')]
      return [line('', `${counted(step.records, 'record')} stored by ${where}`, 'green')]
    }
  }
}

function untilWords(until: number | undefined, { acceptedAt }: RequestLife): string {
  return until === undefined ? '' : `, until ${formatDuration(until - acceptedAt)} at the earliest`
}

function outcomeLines(step: Extract<ExplanationStep, { step: 'outcome' }>, life: RequestLife): Line[] {
  const {
    attempt,
    verdict,
    reason,
    rule,
    fault,
    detail,
    status,
    elapsedMs,
    phases,
    bytes,
    reused,
    blame,
    isRefunded,
  } = step
  const isAnswer = life.answeredBy === attempt || step.won
  const how = fault
    ? `${reason}, in the phase ${fault.phase}`
    : `${reason}${status === undefined || reason === `status-${status}` ? '' : `, status ${status}`}`
  const wins = life.answeredBy === attempt ? ', and wins' : ''
  const style = isAnswer ? 'green' : isHarmless(verdict) ? 'dim' : 'red'
  const times = Object.entries(phases)
    .filter(([, ms]) => ms >= 0.5)
    .map(([phase, ms]) => `${phaseWords[phase as Phase]} ${formatDuration(ms)}`)
  const { proxy, pair, host } = blame
  const isBlamed = proxy + pair + host > 0
  return [
    line('', `attempt ${attempt} ends after ${formatDuration(elapsedMs)}: ${verdict}, ${how}${wins}`, style),
    ...(detail === undefined ? [] : [line('says       ', detail, 'dim')]),
    line('rule       ', `${rule === 'own' ? 'a classifier of your own' : ruleWords(rule)}`, 'dim'),
    line(
      'phases     ',
      `${[...(reused ? ['kept connection'] : []), ...times].join(' · ') || 'none'}${bytes > 0 ? `, ${formatBytes(bytes)}` : ''}`,
      'dim',
    ),
    ...(isBlamed
      ? [
          line(
            'blame      ',
            `proxy ${share(proxy)}, proxy at this host ${share(pair)}, host ${share(host)}${isRefunded ? '; given back since' : ''}`,
            'dim',
          ),
        ]
      : []),
  ]
}

function ruleWords(rule: string): string {
  if (rule === 'fault') return 'the table of faults (docs/verdicts.md)'
  if (rule === 'status') return 'the status'
  return rule === 'none' ? 'none minds it' : `the rule ${rule}`
}

function share(value: number): string {
  return `${Math.round(value * 100)} %`
}

const heldWords = {
  exit: 'its exit is not proven',
  answer: 'it is unlike what others bring from this host',
  chance: 'its exit is proven, and looked at now and then',
  caller: 'its caller asks for it',
} as const

const blank: Line = { head: '', text: '', style: 'plain' }

function line(head: string, text: string, style: Style = 'plain'): Line {
  return { head, text: withoutSteering(text.replace(/\s+/g, ' ')), style }
}

/** Breaks a line at words, with a hanging indent; a word that is too long, such as a URL, stays whole. */
function wrap({ head, text, style }: Line, width: number, colour: boolean): string[] {
  const lines: string[] = []
  const room = Math.max(20, width - head.length)
  let current = ''
  for (const word of text.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > room) {
      lines.push(current)
      current = word
    } else current = current === '' ? word : `${current} ${word}`
  }
  lines.push(current)
  return lines.map((each, at) => {
    const shown =
      colour && style !== 'plain' && each !== '' ? `\u001b[${codes[style]}m${each}\u001b[0m` : each
    return `${at === 0 ? head : ' '.repeat(head.length)}${shown}`.trimEnd()
  })
}
