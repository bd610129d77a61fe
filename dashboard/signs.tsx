import type { PoolState } from '../src/contracts/events.ts'
import type { VerdictKind } from '../src/contracts/outcome.ts'
import type { Attention } from '../src/dashboard/protocol.ts'
import { type Kind, kindWords } from './fleet.ts'

/**
 * States have a shape, a colour and a word: who sees no colours reads the shape, and who sees nothing hears the word. The same
 * shapes are on the canvas of the fleet. Drawn in a square of 12.
 */
export const kindShapes: Readonly<Record<Kind, string>> = {
  working: 'M1 1H11V11H1Z',
  untried: 'M4 4H8V8H4Z',
  failing: 'M0.5 1.5H11.5L6 11.5Z',
  halfOpen: 'M6 0L12 6L6 12L0 6Z',
  open: 'M1 1H11V11H1ZM3.5 3.5V8.5H8.5V3.5Z',
  isolated: 'M3 0.5L6 3.5L9 0.5L11.5 3L8.5 6L11.5 9L9 11.5L6 8.5L3 11.5L0.5 9L3.5 6L0.5 3Z',
  retired: 'M1 5H11V7H1Z',
}

/** Names of variables in the style. */
export const kindColours: Readonly<Record<Kind, string>> = {
  working: 'good',
  untried: 'other',
  failing: 'refused',
  halfOpen: 'proxy',
  open: 'throttled',
  isolated: 'host',
  retired: 'other',
}

export function KindSign({ kind, word = kindWords[kind] }: { kind: Kind; word?: string }) {
  return (
    <span class="sign">
      <Shape path={kindShapes[kind]} colour={kindColours[kind]} />
      {word}
    </span>
  )
}

export function Shape({ path, colour }: { path: string; colour: string }) {
  return (
    <svg class={`shape ${colour}`} viewBox="0 0 12 12" width="11" height="11" aria-hidden="true">
      <path d={path} fill-rule="evenodd" />
    </svg>
  )
}

const poolShapes: Readonly<Record<PoolState, readonly [path: string, colour: string, word: string]>> = {
  serving: [kindShapes.working, 'good', 'serving'],
  throttled: ['M2 1H5V11H2ZM7 1H10V11H7Z', 'throttled', 'throttled'],
  down: [kindShapes.failing, 'alarm', 'down'],
  starved: [kindShapes.open, 'refused', 'no proxy left'],
  draining: [kindShapes.halfOpen, 'proxy', 'draining'],
}

export function PoolSign({ state, isPaused }: { state: PoolState; isPaused: boolean }) {
  const [path, colour, word] = isPaused
    ? ([poolShapes.throttled[0], 'proxy', 'paused'] as const)
    : poolShapes[state]
  return (
    <span class="sign">
      <Shape path={path} colour={colour} />
      {word}
    </span>
  )
}

const severities: Readonly<Record<Attention['severity'], readonly [path: string, colour: string]>> = {
  critical: ['M3.5 0H8.5L12 3.5V8.5L8.5 12H3.5L0 8.5V3.5ZM5 2V7H7V2ZM5 8V10H7V8Z', 'alarm'],
  warning: ['M6 0.5L12 11.5H0ZM5.2 4V8H6.8V4ZM5.2 8.8V10.4H6.8V8.8Z', 'throttled'],
  note: ['M6 0A6 6 0 1 1 6 12A6 6 0 1 1 6 0ZM5.2 2.4V4H6.8V2.4ZM5.2 5V9.6H6.8V5Z', 'proxy'],
}

export function SeveritySign({ severity }: { severity: Attention['severity'] }) {
  const [path, colour] = severities[severity]
  return (
    <span class="severity">
      <Shape path={path} colour={colour} />
      <span class="unseen">{severity}: </span>
    </span>
  )
}

/** Names of variables in the style. In the order of a bar: what helped, what says nothing, what failed. */
export const verdictColours: Readonly<Record<VerdictKind, string>> = {
  success: 'good',
  final: 'good-2',
  neutral: 'other',
  'rate-limited': 'throttled',
  blocked: 'refused',
  challenge: 'refused-2',
  transient: 'host-2',
  target: 'host',
  dead: 'proxy',
}

export const verdictOrder = Object.keys(verdictColours) as readonly VerdictKind[]
