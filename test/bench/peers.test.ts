import { describe, expect, it } from 'vitest'
import { lossesOf } from '../../bench/peers/compare.ts'
import { jobSchema, parseLine, readySchema, resultSchema } from '../../bench/peers/job.ts'
import type { Measured } from '../../bench/peers/run-peer.ts'
import { pagesOf, peerScenarios } from '../../bench/peers/scenarios.ts'
import { tableHead, tableRow } from '../../bench/peers/table.ts'
import { parseStat } from '../../bench/peers/usage.ts'
import { parseScenario } from '../../src/lab/index.ts'

const scenario = peerScenarios[0]!

function measured(fields: Partial<Measured>): Measured {
  return {
    peer: 'other',
    version: 'other 1.0.0',
    pages: 100,
    good: 100,
    bad: 0,
    failed: 0,
    cut: 0,
    wallMs: 1_000,
    pagesPerSecond: 100,
    cpuMsPerPage: 1,
    success: 1,
    p50: 10,
    p95: 20,
    p99: 30,
    attemptsPerPage: 1,
    seenPerPage: 1,
    bytesPerPage: 2_048,
    peakBytes: 1_048_576,
    loadMs: 0,
    notes: {},
    ...fields,
  }
}

describe('the lines of a peer', () => {
  const result = { latencies: [1.5], bad: 0, failed: 0, cut: 0, attempts: 1, wallMs: 2 }

  it('are found among what its libraries print', () => {
    expect(parseLine(readySchema, 'WARN nothing to see')).toBeUndefined()
    expect(parseLine(readySchema, '{"level":30}')).toBeUndefined()
    expect(parseLine(readySchema, '{"ready":true')).toBeUndefined()
    expect(parseLine(readySchema, '{"ready":true,"version":"x 1"}')).toEqual({ ready: true, version: 'x 1' })
  })

  it('count as a result only when every count is there and sane', () => {
    expect(parseLine(resultSchema, JSON.stringify(result))).toMatchObject(result)
    expect(parseLine(resultSchema, JSON.stringify({ ...result, latencies: [-1] }))).toBeUndefined()
    expect(parseLine(resultSchema, JSON.stringify({ ...result, attempts: undefined }))).toBeUndefined()
  })

  it('cannot carry a job without proxies or pages', () => {
    const job = {
      proxies: ['http://127.0.0.2:1'],
      pages: ['http://site.lab/page/1'],
      host: 'site.lab',
      concurrency: 1,
      capMs: 1,
      attemptMs: 1,
      retries: 0,
      polite: true,
      seed: 1,
    }
    expect(jobSchema.safeParse(job).success).toBe(true)
    expect(jobSchema.safeParse({ ...job, proxies: [] }).success).toBe(false)
    expect(jobSchema.safeParse({ ...job, pages: [] }).success).toBe(false)
  })
})

describe('the worlds', () => {
  it('are valid, and all their proxies speak HTTP', () => {
    for (const { world } of peerScenarios) {
      const { proxies } = parseScenario(world)
      expect(new Set(proxies.map((proxy) => proxy.protocol))).toEqual(new Set(['http']))
    }
  })

  it('have a page of its own for every request', () => {
    const pages = pagesOf('http://site.lab', 5_000)
    expect(new Set(pages).size).toBe(5_000)
    expect(pages[1_999]).toBe('http://site.lab/page/1?round=1')
  })
})

describe('a comparison', () => {
  const ours = measured({ peer: 'Regatta', p99: 30, attemptsPerPage: 1.1 })

  it('tells where Regatta is beaten, and by how much', () => {
    const losses = lossesOf(scenario, ours, [measured({ p99: 20, attemptsPerPage: 1.2 })])
    expect(losses).toMatchObject([{ peer: 'other', measure: 'p99', theirs: 20, ours: 30, why: undefined }])
  })

  it('leaves out a peer that got too few pages', () => {
    expect(lossesOf(scenario, ours, [measured({ p99: 1, success: 0.9 })])).toEqual([])
  })

  it('takes what the machine moves by itself for a tie', () => {
    expect(lossesOf(scenario, ours, [measured({ p99: 29, attemptsPerPage: 1.099 })])).toEqual([])
  })
})

describe('a row of the table', () => {
  it('says what was cut, given up and taken for good', () => {
    const row = tableRow(measured({ cut: 3, failed: 2, bad: 1 }))
    expect(row.at(-1)).toBe('cut at 1 s with 3 pages to go, 2 given up, 1 spoiled pages taken for good')
  })

  it('gives the reason of a peer that did not run, and no figure', () => {
    const row = tableRow({ peer: 'other', reason: 'not installed' })
    expect(row).toHaveLength(tableHead.length)
    expect(row.join('')).not.toMatch(/\d/)
    expect(row.at(-1)).toBe('not installed')
  })
})

it('a line of /proc/PID/stat is read right whatever the process is called', () => {
  const line = '42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 1 0 100'
  expect(parseStat(line)).toEqual({ ticks: 110 })
})
