import type { Report } from '../report.ts'
import { reasonFor } from './reasons.ts'
import type { Measured } from './run-peer.ts'
import type { PeerScenario } from './scenarios.ts'

/**
 * Where Regatta is beaten. Only peers that got nearly all pages are compared: one that gives up or is cut leaves its
 * slowest pages out of its own figures, so its p99 is that of the easy ones.
 */
export const enough = 0.99

export type Measure = 'good' | 'p99' | 'attempts'

export interface Loss {
  readonly scenario: string
  readonly peer: string
  readonly measure: Measure
  readonly theirs: number
  readonly ours: number
  /** Undefined: nobody has looked into it yet, and the report counts it as a broken promise. */
  readonly why: string | undefined
}

/** Equal within so much is no loss: the p99 of one run on a shared machine moves by a tenth, and nobody needs fewer than one attempt. */
const measures: Readonly<Record<Measure, { of: (run: Measured) => number; slack: number }>> = {
  good: { of: (run) => 1 - run.success, slack: 1 },
  p99: { of: (run) => run.p99, slack: 1.1 },
  attempts: { of: (run) => run.attemptsPerPage, slack: 1.005 },
}

export function lossesOf(scenario: PeerScenario, ours: Measured, others: readonly Measured[]): Loss[] {
  return others
    .filter((other) => other.success >= enough)
    .flatMap((other) =>
      (Object.keys(measures) as Measure[]).flatMap((measure) => {
        const { of, slack } = measures[measure]
        if (of(ours) <= of(other) * slack) return []
        const why = reasonFor(scenario.name, other.peer, measure)
        return [
          { scenario: scenario.name, peer: other.peer, measure, theirs: of(other), ours: of(ours), why },
        ]
      }),
    )
}

export function formatLoss({ measure, theirs, ours }: Loss): string {
  if (measure === 'good') return `${percent(1 - theirs)} good against ${percent(1 - ours)}`
  return measure === 'p99'
    ? `p99 ${theirs.toFixed(0)} ms against ${ours.toFixed(0)} ms`
    : `${theirs.toFixed(2)} attempts a page against ${ours.toFixed(2)}`
}

/** A line for each: where, and why. */
export function reportLosses(report: Report, losses: readonly Loss[]): void {
  for (const loss of losses) {
    const why = loss.why ?? 'NOT LOOKED INTO: say why in bench/peers/reasons.ts'
    report.figure(`${loss.scenario}, ${loss.peer}`, loss.theirs, () => `${formatLoss(loss)}, because ${why}`)
  }
  report.atMost('losses without a reason', losses.filter((loss) => loss.why === undefined).length, 0)
}

export const percent = (value: number) => `${(value * 100).toFixed(1)} %`
