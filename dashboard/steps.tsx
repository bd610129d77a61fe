import { formatCount } from '../src/base/format.ts'
import type { StepCount, StepName } from '../src/dashboard/protocol.ts'

/** One request's way in ten steps, with how many are in each now. Where they gather is what the crawl waits for. */
const stepWords: Readonly<Record<StepName, string>> = {
  source: 'Source',
  frontier: 'Frontier',
  router: 'Router',
  pool: 'Pool',
  race: 'Race',
  transport: 'Transport',
  classify: 'Classify',
  reputation: 'Reputation',
  parse: 'Parse',
  sink: 'Sink',
}

export function Steps({ steps }: { steps: readonly StepCount[] }) {
  const most = Math.max(1, ...steps.map(({ now }) => now ?? 0))
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">Ten steps</h2>
      <ol class="steps">
        {steps.map(({ step, now, passed, what }, at) => (
          <li key={step} title={what}>
            <span class="step-name">
              <i>{at + 1}</i> {stepWords[step]}
            </span>
            <b>{now === null ? '–' : formatCount(now)}</b>
            <span class="unseen">{what},</span>
            <span class="quiet">{passed === null ? '' : `${formatCount(passed)} passed`}</span>
            {/* By the square root: a long queue must not hide the rest. */}
            <i class="level" aria-hidden="true" style={{ width: `${Math.sqrt((now ?? 0) / most) * 100}%` }} />
          </li>
        ))}
      </ol>
    </section>
  )
}
