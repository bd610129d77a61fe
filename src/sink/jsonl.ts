import type { Writable } from 'node:stream'
import { messageOf, RegattaError } from '../errors.ts'
import { createFileTarget, type FileOptions } from './file-target.ts'
import type { Sink, SinkRecord } from './sink.ts'
import { createStreamTarget } from './stream-target.ts'
import type { TextTarget } from './text-target.ts'

/**
 * One JSON value a line (jsonlines.org). An item's line is the item itself, as the source yielded it, because that is
 * what people pipe into other tools. An edge's line is `{"$edge":{"from":…,"to":…,"type":…}}`. A file is appended to.
 */
export interface JsonlOptions extends Pick<FileOptions, 'fsync' | 'openFile'> {
  /** A path, or a stream such as stdout, which is not ended. */
  readonly to: string | Writable
  /** How messages call a stream. */
  readonly name?: string
}

export function createJsonlSink(options: JsonlOptions): Sink {
  const target: TextTarget =
    typeof options.to === 'string'
      ? createFileTarget(options.to, { ...options, isWhole: isWholeLine })
      : createStreamTarget(options.to, options.name)
  return {
    name: target.name,
    async open() {
      await target.open()
    },
    async write(batch) {
      if (batch.length > 0) await target.append(batch.map(toLine).join(''))
    },
    close: () => target.close(),
  }
}

/** The record's line with its end. Throws ITEM_INVALID for what JSON cannot hold, such as a cycle or a bigint. */
function toLine(record: SinkRecord): string {
  const json = toJson(record, record.kind === 'edge' ? { $edge: record.value } : record.value)
  return `${json}\n`
}

export function toJson(record: SinkRecord, value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (error) {
    const { request, index, source } = record
    throw new RegattaError(
      'ITEM_INVALID',
      `Output ${index} of request ${request} (source "${source}") cannot be written as JSON: ${messageOf(error)}. Yield plain data.`,
      { value: { request, index }, cause: error },
    )
  }
}

/** Half a line of ours begins like an object and cannot be parsed; anything else is left as it is. */
function isWholeLine(line: string): boolean {
  if (!line.startsWith('{')) return true
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
