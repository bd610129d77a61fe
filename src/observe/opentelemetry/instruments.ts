import type { Meter, ObservableCallback } from '@opentelemetry/api'
import type { Metric } from '../metric-catalogue.ts'
import type { Instruments, Readings } from '../metric-wiring.ts'

/** The metrics of metric-catalogue.ts as instruments of OpenTelemetry: `crawler.attempt.duration` and the like. */
export function instrumentsOf(meter: Meter): { readonly instruments: Instruments; end(): void } {
  const stops: (() => void)[] = []
  const nameOf = ({ name }: Metric) => `crawler.${name}`
  const settings = ({ help, unit }: Metric) => ({ description: help, ...(unit && { unit }) })
  return {
    instruments: {
      counter(metric) {
        const counter = meter.createCounter(nameOf(metric), settings(metric))
        return (by, labels) => counter.add(by, labels)
      },
      histogram(metric) {
        const advice = { explicitBucketBoundaries: [...(metric.buckets ?? [])] }
        const histogram = meter.createHistogram(nameOf(metric), { ...settings(metric), advice })
        return (value, labels) => histogram.record(value, labels)
      },
      read(metric, values) {
        const make = metric.kind === 'counter' ? 'createObservableCounter' : 'createObservableGauge'
        const instrument = meter[make](nameOf(metric), settings(metric))
        const callback = observing(values)
        instrument.addCallback(callback)
        stops.push(() => instrument.removeCallback(callback))
      },
    },
    end() {
      for (const stop of stops) stop()
    },
  }
}

/** What cannot be said is not told: exporters differ in what they make of NaN. */
function observing(values: () => Readings | Promise<Readings>): ObservableCallback {
  return async (result) => {
    for (const [value, labels] of await values()) if (!Number.isNaN(value)) result.observe(value, labels)
  }
}
