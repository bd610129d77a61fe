import { type HostRow, type ProxyRow, type RunRecord, readRecord } from '../../src/cli/report/run-record.ts'

/** Records of runs as they are written down, with what a test wants changed. */
export function proxyRecord(change: Partial<ProxyRow> = {}): ProxyRow {
  return {
    proxy: 'http://10.0.0.1:80',
    state: 'closed',
    reason: '',
    trust: 'proven',
    attempts: 40,
    good: 38,
    failed: 2,
    bytes: 40_000,
    firstByteMs: 120,
    isFailing: false,
    until: null,
    ...change,
  }
}

export function hostRecord(change: Partial<HostRow> = {}): HostRow {
  return {
    host: 'a.test',
    state: 'serving',
    reason: '',
    attempts: 100,
    done: 90,
    dead: 0,
    bytes: 90_000,
    throttled: 0,
    pauses: 0,
    pausedMs: 0,
    waiting: 0,
    p50: 100,
    p95: 400,
    ...change,
  }
}

export function runRecord(change: Partial<RunRecord> = {}): RunRecord {
  const record: RunRecord = {
    version: 1,
    name: 'a.test-1',
    source: 'site',
    target: 'http://a.test/',
    begunAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    at: Date.UTC(2026, 0, 2, 3, 5, 5),
    wallMs: 60_000,
    ending: 'finished',
    error: null,
    counts: {
      pages: 90,
      items: 88,
      edges: 0,
      failed: 3,
      gone: 1,
      setAside: 0,
      skipped: 0,
      unchanged: 0,
      empty: 0,
      corrected: 0,
      contested: 0,
      left: 0,
      earlier: 0,
    },
    attempts: 120,
    hedges: 5,
    bytes: 90_000,
    latencyMs: { p50: 100, p95: 400, p99: 900 },
    trust: { comparisons: 0, bytes: 0, convictions: 0 },
    fleet: { total: 1, healthy: 1 },
    failures: [
      {
        reason: 'dial-refused',
        verdict: 'dead',
        count: 12,
        example: 'http://a.test/1',
        proxy: 'http://10.0.0.1:80',
      },
    ],
    dead: [{ reason: 'status-500', count: 2, example: 'http://a.test/2', detail: 'the page answered 500' }],
    leftOut: [],
    trapped: [],
    waits: [{ reason: 'interval', ms: 90_000 }],
    proxies: [proxyRecord()],
    moreProxies: 0,
    hosts: [hostRecord()],
    moreHosts: 0,
    series: {
      spanMs: 1_000,
      spans: [
        { at: 0, pages: 10, bytes: 10_000, attempts: [10, 1, 0, 0, 2, 0], p50: 100, p95: 300 },
        { at: 1_000, pages: 0, bytes: 0, attempts: [0, 0, 0, 0, 0, 0], p50: null, p95: null },
        { at: 2_000, pages: 20, bytes: 20_000, attempts: [20, 0, 3, 1, 0, 1], p50: 90, p95: 250 },
      ],
    },
    price: null,
    expect: [],
    called: 'regatta',
    folder: '.regatta/a',
    ...change,
  }
  const read = readRecord(JSON.parse(JSON.stringify(record)))
  if (typeof read === 'string') throw new Error(read)
  return read
}
