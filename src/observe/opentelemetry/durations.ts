import type { Attributes, Meter } from '@opentelemetry/api'
import { listen, type Observed } from '../observed.ts'
import { endOf, methodOf, targetOf } from './http-attributes.ts'

/** The bounds that the conventions ask for, seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** `http.client.request.duration`, of each attempt. */
export function recordDurations(crawler: Observed, meter: Meter, namedHosts: number): () => void {
  const histogram = meter.createHistogram('http.client.request.duration', {
    description: 'Duration of HTTP client requests.',
    unit: 's',
    advice: { explicitBucketBoundaries: bounds },
  })
  const named = new Set<string>()
  const serverOf = (address: string, port: number): Attributes => {
    const key = `${address} ${port}`
    if (!named.has(key)) {
      if (named.size >= namedHosts) return { 'server.address': '_OTHER' }
      named.add(key)
    }
    return { 'server.address': address, 'server.port': port }
  }
  return listen(crawler, 'outcome', (event) => {
    const target = targetOf(event.url)
    histogram.record(event.elapsedMs / 1_000, {
      'http.request.method': methodOf(event.method),
      ...(target && { 'url.scheme': target.scheme, ...serverOf(target.address, target.port) }),
      ...endOf(event),
    })
  })
}
