import { describe, expect, test } from 'vitest'
import { readTrace } from '../../src/sim/trace-record.ts'
import { cancelled, recordingLines } from './recording.ts'

const two = [
  { proxy: 'http://p:1', ms: 50 },
  { proxy: 'http://p:2', ms: 80 },
]

test('tasks and attempts are read in their order, proxies that came later are among the others', async () => {
  const trace = await readTrace(recordingLines(two, { proxies: ['http://p:1', 'http://p:9'] }))
  expect(trace.proxies).toEqual(['http://p:1', 'http://p:9', 'http://p:2'])
  expect(trace.tasks).toMatchObject([{ url: 'http://a.example/0', end: { ok: true } }, { attempts: 1 }])
  expect(trace.attempts.map(({ startedAt }) => startedAt)).toEqual([50, 120])
  expect(trace.peakInFlight).toBe(1)
})

test('half a line at the end is left out', async () => {
  const lines = recordingLines(two)
  lines.push(recordingLines(two).at(-1)!.slice(0, 40))
  expect((await readTrace(lines)).tasks).toHaveLength(2)
})

test('a loser that comes home after its task still counts as an attempt', async () => {
  const lines = recordingLines(two)
  const outcome = lines.find((line) => line.includes('"outcome"'))!
  lines.push(outcome.replace('"attempt":1', '"attempt":2'))
  expect((await readTrace(lines)).tasks[0]).toMatchObject({ attempts: 2 })
})

test('a task that was given back and came again is one task', async () => {
  const accepted = (at: number, task: string) =>
    JSON.stringify({ at, event: 'task.accepted', task, url: 'http://b.example/', host: 'b.example' })
  const settled = (at: number, task: string, ok: boolean, reason: string) =>
    JSON.stringify({ at, event: 'task.settled', task, ok, reason, elapsedMs: 10 })
  const lines = [
    ...recordingLines(two),
    accepted(300, 'x'),
    settled(310, 'x', false, 'yielded'),
    accepted(400, 'y'),
    settled(410, 'y', true, 'ok'),
  ]
  const { tasks } = await readTrace(lines)
  expect(tasks).toHaveLength(3)
  expect(tasks[2]).toMatchObject({ acceptedAt: 300, end: { at: 410, ok: true } })
})

describe('what cannot be replayed is refused with a sentence', () => {
  const refused = (lines: readonly string[]) =>
    expect(readTrace(lines, 'old.jsonl')).rejects.toMatchObject({ code: 'SCENARIO_INVALID' })

  test.each([
    ['an empty file', [], /old\.jsonl.*empty.*regatta crawl … --trace FILE/],
    ['a newer version', ['{"trace":2,"seed":1}'], /version 2.*reads 1 at most/],
    ['another file', ['{"name":"package"}', '{}'], /no trace's header/],
    ['text', ['hello'], /line 1.*no JSON/],
    ['no task', recordingLines([]), /no page was asked for/],
    [
      'only cancelled attempts',
      recordingLines([{ proxy: 'http://p:1', ms: 5, ...cancelled }]),
      /not one attempt/,
    ],
    ['a damaged line in the middle', recordingLines(two).toSpliced(2, 0, '{"at":1,'), /line 3.*damaged/],
    [
      'a value that makes no sense',
      recordingLines(two).map((line) => line.replace('"elapsedMs":80', '"elapsedMs":"long"')),
      /line 6: "elapsedMs" of outcome/,
    ],
  ])('%s', async (_, lines, message) => {
    await refused(lines)
    await expect(readTrace(lines, 'old.jsonl')).rejects.toThrow(message)
  })
})
