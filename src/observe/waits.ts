import type { ExplanationStep, RequestLife } from '../contracts/explanation.ts'

/** Every wait and how long it took: to the next step, or to the end. In line is in line, whatever it is for. */
export function waitsOf({
  timeline,
  settledAt,
}: RequestLife): { step: ExplanationStep; reason: string; at: number; ms: number }[] {
  return timeline.flatMap((step, index) => {
    if (step.step !== 'parked' && step.step !== 'waits' && step.step !== 'lined') return []
    const until = timeline[index + 1]?.at ?? settledAt ?? step.at
    const reason = step.step === 'lined' ? 'in line' : step.reason
    return [{ step, reason, at: step.at, ms: Math.max(0, until - step.at) }]
  })
}
