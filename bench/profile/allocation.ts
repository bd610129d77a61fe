import { GCProfiler, getHeapStatistics } from 'node:v8'

/**
 * How many bytes of JavaScript heap something allocates: between two collections the heap only grows, so the growth from
 * the end of each to the beginning of the next, summed, is what was allocated. Buffers live outside and are not counted.
 * Sampling profilers estimate the same; this counts.
 */
export interface Allocation {
  /** Bytes of JavaScript heap. */
  readonly bytes: number
  /** Milliseconds in collections, on the main thread. */
  readonly gcMs: number
  readonly collections: number
  readonly wallMs: number
}

export async function measureAllocation(work: () => Promise<unknown>): Promise<Allocation> {
  const profiler = new GCProfiler()
  profiler.start()
  const start = performance.now()
  let used = getHeapStatistics().used_heap_size
  await work()
  const end = getHeapStatistics().used_heap_size
  const wallMs = performance.now() - start
  const { statistics } = profiler.stop()
  let bytes = 0
  let gcMs = 0
  for (const { beforeGC, afterGC, cost } of statistics) {
    bytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - used)
    used = afterGC.heapStatistics.usedHeapSize
    gcMs += cost / 1_000
  }
  bytes += Math.max(0, end - used)
  return { bytes, gcMs, collections: statistics.length, wallMs }
}

/** Measured ÷ true bytes of a known amount: two million arrays of sixteen numbers. Near to 1, or the method is wrong. */
export async function checkMethod(): Promise<number> {
  const count = 2_000_000
  // The array's four words, the two that head its elements, and sixteen elements; a word is 8 bytes in Node.
  const each = (4 + 2 + 16) * 8
  const keep: unknown[] = new Array(64)
  const { bytes } = await measureAllocation(async () => {
    for (let n = 0; n < count; n++) keep[n & 63] = new Array(16).fill(n & 7)
  })
  return bytes / (count * each)
}
