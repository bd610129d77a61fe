import { counted, formatDuration } from '../base/format.ts'
import type { Choice, Gates, HedgeTiming } from '../contracts/explanation.ts'

/** Why this proxy, and why then: what an explanation says of how an attempt came about. */

/** Why there is an attempt at all. */
export const whyWords = {
  first: 'the first of its task',
  hedge: 'a hedge, for the one under way is late',
  failover: 'the next, for the last one failed',
  probe: 'a probe, to find out whether this proxy is well again',
  canary: 'a canary, to find out whether the host is well again',
  witness: 'a witness, to compare its answer with one that is held',
} as const

/** Who chose the proxy, and what was drawn for it. */
export function choiceWords(
  { by, strategy, alpha, beta, drawn, cost }: Choice,
  candidates: number,
  expected: number,
): string {
  const mean = `mean ${expected.toFixed(2)}`
  if (by === 'bound') return `only this one would do (named, of its session, or held to one exit); ${mean}`
  if (by === 'suspect') return `it has said something else than others, and is looked at soon; ${mean}`
  if (by === 'probe') return `half-open: it waited longest for its probe; ${mean}`
  if (by === 'anyone') return 'at random: this machine seems to be off the network'
  const weights =
    alpha === undefined || beta === undefined
      ? mean
      : `Beta(${alpha.toFixed(2)}, ${beta.toFixed(2)}), whose mean is ${(alpha / (alpha + beta)).toFixed(2)}`
  const draw =
    drawn === undefined || cost === undefined
      ? ''
      : `: drew ${drawn.toFixed(2)}, ${formatDuration(cost)} to a good answer;`
  const who = by === 'canary' ? 'the one that succeeded last' : `by ${strategy}`
  return `${who} of ${counted(candidates, 'candidate')}${draw === '' ? ';' : draw} ${weights}`
}

/** The next best, with their draws. */
export function othersOf({ others }: Choice): string {
  return others
    .map(({ proxy, drawn, cost }) => `${proxy} (${drawn.toFixed(2)}, ${formatDuration(cost)})`)
    .join(' · ')
}

/** Why a second attempt started when it did. */
export function hedgeWords({ delayMs, from }: HedgeTiming): string {
  const words = {
    unlikely: 'hedge.minDelay, because those under way are more likely to fail than not',
    cold: 'hedge.coldDelay, because nothing is known of the host',
    p95: '95 in 100 answers of this host come sooner',
    p99: '99 in 100 answers of this host come sooner',
    least: 'hedge.minDelay, because the host is quick',
    most: 'a third of timeouts.firstByte, because the host is slow',
  } as const
  return `after ${formatDuration(delayMs)}: ${words[from]}`
}

/** `12 in their interval, 3 open, of 16`. */
export function gateWords({ total, ...counts }: Gates): string {
  const words: Record<keyof typeof counts, string> = {
    free: 'free',
    interval: 'in their interval',
    busy: 'busy',
    open: 'open',
    probing: 'half-open',
    out: 'isolated or retired',
    account: 'of a refused account',
    asked: 'asked by it already',
    filtered: 'kept out by the filter of this host',
  }
  const parts = Object.entries(counts).filter(([, count]) => count > 0)
  const said = parts.map(([gate, count]) => `${count} ${words[gate as keyof typeof counts]}`)
  return `${said.length === 0 ? 'none' : said.join(', ')}, of ${total}`
}
