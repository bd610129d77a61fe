import type { Writable } from 'node:stream'
import { jsonText } from '../base/json-form.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Sink, SinkRecord } from '../contracts/sink.ts'
import { assertTarget } from './assert-target.ts'
import { markedValue } from './fields.ts'
import { findUnendedLine, type LastLine } from './file-end.ts'
import { createFileTarget, type FileOptions, type OpenFile } from './file-target.ts'
import { type Kept, keeps, keptOf, withKind } from './item-kind.ts'
import { createKindFiles, isForKinds } from './kind-files.ts'
import { createStreamTarget } from './stream-target.ts'
import type { KeptTarget } from './text-target.ts'
import { WrongLines, withoutLines } from './without-lines.ts'

/**
 * One JSON value a line (jsonlines.org). An item's line is the item itself, as the source yielded it, because that is
 * what people pipe into other tools. An edge's line is `{"$edge":{"from":…,"to":…,"type":…}}`, or the edge itself where
 * only edges are written. Where a source has items of several kinds, an
 * item begins with its kind, `"_kind":"author"` (item-kind.ts). What may be wrong has one more member, `_trust` (fields.ts). A file is appended to. With a durable crawl every line is in it once, whatever was killed
 * when; a stream or a pipe has no place that could be looked at after a crash: it may get the last batch again. Lines that
 * turn out wrong leave a file when a run ends; a stream keeps them.
 */
export interface JsonlOptions extends Pick<FileOptions, 'fsync' | 'openFile' | 'onDoubt'> {
  /** A path, or a stream such as stdout, which is not ended. `{kind}` in a path makes a file for each kind of record. */
  readonly to: string | Writable
  /** How messages call a stream. Default: `the stream`. */
  readonly name?: string
  /** Which records are written. Default: all. */
  readonly kind?: SinkRecord['kind']
  /** The only kind of item that is written, of a source that has several. Default: all, each with its kind as `_kind`. */
  readonly itemKind?: string
}

/** A sink for a file of JSON lines, or for a stream. */
export function createJsonlSink(options: JsonlOptions): Sink {
  assertTarget('createJsonlSink()', options, { stream: true })
  const { to } = options
  const which = keptOf(options)
  if (isForKinds(to))
    return createKindFiles(to, which, (path, own) => createJsonlSink({ ...options, to: path, ...own }))
  const file = typeof to === 'string' ? createFileTarget(to, { ...options, findLastLine }) : undefined
  const target = file ?? createStreamTarget(to as Writable, options.name)
  const textOf = (batch: readonly SinkRecord[]) =>
    batch
      .filter((record) => keeps(which, record))
      .map((record) => toLine(record, which))
      .join('')

  async function write(batch: readonly SinkRecord[]): Promise<void> {
    const text = textOf(batch)
    if (text !== '') await target.append(text)
  }

  const keeping = ({ place, complete, rewriteAny }: KeptTarget): Keeping => ({
    place,
    takesBack: 'at-end',
    async takeBack(retractions) {
      const wrong = new WrongLines(retractions, which)
      if (wrong.count > 0) await rewriteAny((pieces) => withoutLines(pieces, wrong))
      return wrong.count
    },
    async complete(batch, from) {
      if (!(await complete(textOf(batch), from))) await write(batch)
    },
  })

  return {
    name: target.name,
    ...which,
    async open() {
      await target.open()
    },
    write,
    ...(file && keeping(file)),
    close: () => target.close(),
  }
}

/** What a file can do that can be looked at, and a stream cannot. */
type Keeping = Pick<Sink, 'place' | 'complete' | 'takesBack' | 'takeBack'>

/** The record's line with its end. Throws ITEM_INVALID for what JSON cannot hold, such as a cycle. */
export function toLine(record: SinkRecord, { kind, itemKind }: Kept): string {
  const json = written(record, () => jsonText(markedValue(record)))
  if (record.kind === 'edge') return kind === undefined ? `{"$edge":${json}}\n` : `${json}\n`
  const isTold = record.itemKind !== undefined && itemKind === undefined
  return isTold ? `${withKind(json, record.itemKind)}\n` : `${json}\n`
}

export function toJson(record: SinkRecord, value: unknown): string {
  return written(record, () => jsonText(value))
}

function written(record: SinkRecord, write: () => string): string {
  try {
    return write()
  } catch (error) {
    const { request, index, source } = record
    throw new RegattaError(
      'ITEM_INVALID',
      `Output ${index} of request ${request} (source "${source}") cannot be written as JSON: ${messageOf(error)}. Yield plain data.`,
      { value: { issues: [], request, index }, cause: error },
    )
  }
}

async function findLastLine(file: OpenFile, size: number): Promise<LastLine | undefined> {
  const line = await findUnendedLine(file, size)
  return line && { start: line.start, isWhole: isWholeLine(line.text), end: '\n' }
}

/** Half a line of ours begins like an object, a list or a text and cannot be parsed; anything else is left as it is. */
function isWholeLine(line: string): boolean {
  if (!/^[{["]/.test(line)) return true
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
