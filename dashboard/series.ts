import type { Series } from '../src/dashboard/protocol.ts'

/** Past and new rows of what is drawn over time: the server sends only what is new, and all when it has made its spans longer. */
export function joinSeries(past: Series | undefined, next: Series): Series {
  if (next.from === 0 || !past || past.spanMs !== next.spanMs) return next
  const joined = { spanMs: next.spanMs, from: 0 } as { -readonly [Name in keyof Series]: Series[Name] }
  for (const name of columns) joined[name] = [...past[name].slice(0, next.from), ...next[name]] as never
  return joined
}

/** The first rows alone. */
export function upTo(series: Series, rows: number): Series {
  const cut = { spanMs: series.spanMs, from: 0 } as { -readonly [Name in keyof Series]: Series[Name] }
  for (const name of columns) cut[name] = series[name].slice(0, rows) as never
  return cut
}

const columns = [
  ...(['at', 'answered', 'failed', 'attempts', 'success'] as const),
  ...(['p50', 'p95', 'p99', 'bytes', 'healthy'] as const),
]
