import { createRandom } from '../base/random.ts'
import { assertArgument } from '../contracts/arguments.ts'
import { quantileOf, type SimulationReport } from './report.ts'
import { isSound, TraceHistory } from './trace-history.ts'
import type { RecordedTrace } from './trace-record.ts'

/**
 * What a recorded crawl came to, in the figures of a simulation. Whether a breaker opened rightly is told by what was seen
 * of the proxy around that moment. `requests`: of the first so many pages.
 */
export function recordedReport(trace: RecordedTrace, requests = Infinity): SimulationReport {
  assertArgument(
    Array.isArray(trace?.tasks),
    'recordedReport()',
    'trace',
    'a trace, as readTrace() reads one',
    trace,
  )
  const asked = trace.tasks.slice(0, requests)
  const ended = asked.flatMap(({ end }) => (end ? [end] : []))
  const good = ended.filter(({ ok }) => ok)
  const latencies = good.map(({ elapsedMs }) => elapsedMs)
  const from = asked[0]?.acceptedAt ?? 0
  const until = ended.reduce((latest, { at }) => Math.max(latest, at), from)
  const sum = (of: 'attempts' | 'bytes') => asked.reduce((total, task) => total + task[of], 0)
  const history = new TraceHistory(trace, createRandom(trace.seed))
  const opened = { rightly: 0, wrongly: 0 }
  for (const { at, proxy, host, reason } of trace.openings) {
    const sound = at > until || reason.startsWith('slow') ? undefined : isSound(history.near(proxy, host, at))
    if (sound !== undefined) opened[sound ? 'wrongly' : 'rightly']++
  }
  return {
    scenario: trace.name,
    seed: trace.seed,
    pages: { asked: asked.length, succeeded: good.length, failed: ended.length - good.length, spoiled: 0 },
    virtualMs: until - from,
    realMs: until - from,
    latencyMs: {
      p50: quantileOf(latencies, 0.5),
      p95: quantileOf(latencies, 0.95),
      p99: quantileOf(latencies, 0.99),
    },
    attempts: sum('attempts'),
    bytes: sum('bytes'),
    opened,
    lives: 1,
    violations: [],
  }
}
