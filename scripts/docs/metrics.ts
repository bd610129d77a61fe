import { type Metric, metrics, prometheusName } from '../../src/observe/metric-catalogue.ts'
import { type Blocks, table } from './blocks.ts'

/** Every metric with its names, type, unit and labels, from the list that the instruments are made of. */
export function metricBlocks(): Blocks {
  return {
    metrics: table(
      ['Prometheus', 'OpenTelemetry', 'type', 'unit', 'labels', 'what it says'],
      Object.values(metrics).map((metric: Metric) => [
        `\`${prometheusName(metric, 'crawler_')}\``,
        `\`crawler.${metric.name}\``,
        metric.kind,
        metric.unit === undefined ? '' : units[metric.unit],
        labelsOf(metric),
        metric.help,
      ]),
    ),
  }
}

const units = { s: 'seconds', By: 'bytes', '1': 'share' } as const

function labelsOf({ labels = {} }: Metric): string {
  return Object.entries(labels)
    .map(([label, values]) =>
      values === 'named'
        ? `\`${label}\`: the first 64, then \`other\``
        : `\`${label}\`: ${values.map((value) => `\`${value}\``).join(', ')}`,
    )
    .join('; ')
}
