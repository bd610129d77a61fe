import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Clock } from '../base/clock.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import { type RecordedTrace, readTrace } from '../sim/trace-record.ts'
import { sinkFailed } from '../sink/sink-failure.ts'

/**
 * A trace on disk. Events come in the middle of a crawl and the crawl cannot be made to wait for them, so lines are gathered and
 * written 64 KB at a time, or a second's worth; a queue that waits for a slow disk would grow without end. A file that
 * cannot be written any more is told once and left as it is: a trace that ends early is still one.
 */
export interface TraceFile {
  write(line: string): void
  /** Writes what is left and closes. Harmless when called again. */
  close(): void
}

const most = 65_536
const flushEvery = 1_000

/** Begins a new file. Throws SINK_FAILED when it cannot be opened; `failed` is told when it cannot be written later. */
export function openTraceFile(path: string, clock: Clock, failed: (error: RegattaError) => void): TraceFile {
  let file: number | undefined = attempt(path, () => openSync(path, 'w'))
  let gathered: string[] = []
  let size = 0
  let flushedAt = clock.now()

  const flush = () => {
    if (file === undefined || gathered.length === 0) return
    const bytes = Buffer.from(gathered.join(''))
    gathered = []
    size = 0
    flushedAt = clock.now()
    // A disk that is nearly full takes a part.
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  }
  const end = () => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  const guard = (work: () => void) => {
    try {
      work()
    } catch (error) {
      const failure = sinkFailed(path, error)
      try {
        end()
      } catch {
        // It is lost already, and that is told.
      }
      file = undefined
      failed(failure)
    }
  }

  return {
    write(line) {
      if (file === undefined) return
      gathered.push(line, '\n')
      size += line.length + 1
      if (size >= most || clock.now() - flushedAt >= flushEvery) guard(flush)
    },
    close() {
      guard(flush)
      guard(end)
    },
  }
}

/** Reads a recorded crawl; `name` is what messages call it. Throws SCENARIO_INVALID when the file cannot be read or is no trace. */
export async function readTraceFile(path: string, name: string): Promise<RecordedTrace> {
  const input = createReadStream(path)
  try {
    return await readTrace(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), name)
  } catch (error) {
    if (error instanceof RegattaError) throw error
    throw new RegattaError('SCENARIO_INVALID', `Cannot read a trace from ${path}: ${messageOf(error)}.`, {
      cause: error,
    })
  } finally {
    input.destroy()
  }
}

function attempt<Value>(path: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    throw sinkFailed(path, error)
  }
}
