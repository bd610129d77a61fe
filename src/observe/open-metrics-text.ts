/**
 * The text of Prometheus as OpenMetrics 1.0. prom-client writes it too, but by renaming the counters of the registry, so that
 * the next plain text has them without their `_total`. So it is made from the text, and the registry stays as it is.
 *
 * What differs: a counter's family has no `_total`, its samples have; there are no empty lines; NaN is written so; the end is marked.
 */
export function openMetricsOf(text: string): string {
  const lines: string[] = []
  let counter: string | undefined
  const kinds = kindsIn(text)
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, mark, name, rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (mark !== undefined && name !== undefined) {
      const isCounter = kinds.get(name) === 'counter'
      counter = isCounter ? name : undefined
      lines.push(`# ${mark} ${isCounter ? familyOf(name) : name} ${rest}`)
    } else {
      const sample = counter === undefined ? line : `${familyOf(counter)}_total${line.slice(counter.length)}`
      lines.push(sample.endsWith(' Nan') ? `${sample.slice(0, -3)}NaN` : sample)
    }
  }
  lines.push('# EOF', '')
  return lines.join('\n')
}

function familyOf(counter: string): string {
  return counter.replace(/_total$/, '')
}

function kindsIn(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name!, kind!]))
}
