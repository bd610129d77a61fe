import type { Page } from './browser.ts'

/**
 * What the browser's own tracing says of a time: script for each frame, and the longest task, both in milliseconds of the page's
 * thread, so that other programs on this machine do not count.
 */
export interface Traced {
  /** 95 in 100 frames took no more. */
  readonly scriptMs: number
  readonly longestTaskMs: number
  readonly frames: number
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly ts: number
  readonly tdur?: number
  readonly dur?: number
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name?: string }
}

/** All by which script begins: a call from the browser, and what waits for promises. */
const scripts = new Set([
  'FunctionCall',
  'EvaluateScript',
  'FireAnimationFrame',
  'EventDispatch',
  'TimerFire',
  'BlinkScheduler_PerformMicrotaskCheckpoint',
])

export async function traced(page: Page, act: () => Promise<void>): Promise<Traced> {
  const session = await page.context().newCDPSession(page)
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])))
  const complete = new Promise<void>((resolve) => session.on('Tracing.tracingComplete', () => resolve()))
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', 'toplevel', 'v8', '__metadata'] },
  } as never)
  await act()
  await session.send('Tracing.end')
  await complete
  return measure(events)
}

function measure(events: readonly TraceEvent[]): Traced {
  const main = mainThread(events)
  const own = events
    .filter(({ pid, tid }) => pid === main.pid && tid === main.tid)
    .sort((a, b) => a.ts - b.ts)
  const frames = own.filter(({ name, ph }) => name === 'AnimationFrame' && ph === 'b').map(({ ts }) => ts)
  const perFrame = new Array<number>(frames.length).fill(0)
  let end = 0
  let frame = 0
  for (const event of own) {
    // One script within another counts once.
    if (event.ph !== 'X' || !scripts.has(event.name) || event.ts < end) continue
    end = event.ts + (event.dur ?? 0)
    while (frame + 1 < frames.length && frames[frame + 1]! <= event.ts) frame++
    if (frames.length > 0) perFrame[frame]! += (event.tdur ?? event.dur ?? 0) / 1_000
  }
  const tasks = own.filter(({ name, ph }) => ph === 'X' && name === 'ThreadControllerImpl::RunTask')
  perFrame.sort((a, b) => a - b)
  return {
    scriptMs: perFrame[Math.floor(perFrame.length * 0.95)] ?? 0,
    longestTaskMs: Math.max(0, ...tasks.map(({ tdur, dur }) => (tdur ?? dur ?? 0) / 1_000)),
    frames: frames.length,
  }
}

/** Of the renderer that ran the most: a browser has one for each page, and one in reserve. */
function mainThread(events: readonly TraceEvent[]): { pid: number; tid: number } {
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
  const busy = (pid: number) =>
    events.filter((event) => event.pid === pid && event.name === 'FunctionCall').length
  const main = mains.sort((a, b) => busy(b.pid) - busy(a.pid))[0]
  if (!main) throw new Error('The trace names no main thread.')
  return main
}
