import { type RecordedTrace, readTrace } from '../../src/sim/trace-record.ts'

/** A trace by hand, one attempt after the other. */
export interface Attempt {
  /** When it ended, ms; by default each ends 100 ms after the last. */
  readonly at?: number
  readonly proxy: string
  readonly host?: string
  readonly ms: number
  /** Default a success. */
  readonly verdict?: string
  readonly fault?: { readonly phase: string; readonly cause: string }
  readonly status?: number
  readonly terms?: object
}

export const cancelled = { verdict: 'neutral', fault: { phase: 'headers', cause: 'cancelled' } } as const
export const refused = { verdict: 'dead', fault: { phase: 'dial', cause: 'dial-refused' } } as const

export function recordingLines(
  attempts: readonly Attempt[],
  { proxies = [], options = {} }: { proxies?: readonly string[]; options?: object } = {},
): string[] {
  const header = { trace: 1, seed: 5, startedAt: 0, proxies, options }
  const lines: object[] = attempts.flatMap((attempt, index) => {
    const { proxy, host = 'a.example', ms, verdict = 'success', fault, terms } = attempt
    const at = attempt.at ?? (index + 1) * 100
    const task = `${index}`
    const url = `http://${host}/${index}`
    const status = attempt.status ?? (fault ? undefined : 200)
    const ok = verdict === 'success'
    return [
      { at: Math.max(0, at - ms), event: 'task.accepted', task, url, host },
      {
        ...{
          at,
          event: 'outcome',
          task,
          url,
          host,
          attempt: 1,
          proxy,
          verdict,
          reason: 'test',
          elapsedMs: ms,
        },
        ...{ bytes: 100, won: ok, blame: { proxy: 0, host: 0 }, fault, status, terms },
        firstByteMs: fault ? undefined : ms,
      },
      { at, event: 'task.settled', task, url, host, ok, verdict, reason: 'test', elapsedMs: ms },
    ]
  })
  return [header, ...lines].map((line) => JSON.stringify(line))
}

export function recording(...parameters: Parameters<typeof recordingLines>): Promise<RecordedTrace> {
  return readTrace(recordingLines(...parameters), 'by hand')
}
