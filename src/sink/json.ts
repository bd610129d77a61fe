import type { Sink, SinkRecord } from '../contracts/sink.ts'
import { assertTarget } from './assert-target.ts'
import { findUnendedLine, readBytes } from './file-end.ts'
import { createFileTarget, type FileOptions, type OpenFile } from './file-target.ts'
import { keeps, keptOf } from './item-kind.ts'
import { toLine } from './jsonl.ts'
import { createKindFiles, isForKinds } from './kind-files.ts'
import { sinkFailed } from './sink-failure.ts'
import { WrongLines, withoutElements } from './without-lines.ts'

/**
 * One JSON array in a file, an element a line, for programs that read a file at once. It is valid after each batch, because
 * its end is written with every batch and replaced by the next one; what a killed process tore is mended by the next run.
 * Elements are as in JSON Lines. A file that holds an array is added to; anything else is refused.
 */
export interface JsonOptions extends Pick<FileOptions, 'fsync' | 'openFile' | 'onDoubt'> {
  /** A path; `{kind}` in it makes a file for each kind of record. */
  readonly to: string
  /** Which records are written. Default: all. */
  readonly kind?: SinkRecord['kind']
  /** The only kind of item that is written, of a source that has several. Default: all, each with its kind as `_kind`. */
  readonly itemKind?: string
}

/** A sink for a file that is one JSON array. */
export function createJsonSink(options: JsonOptions): Sink {
  assertTarget('createJsonSink()', options)
  const { to } = options
  const which = keptOf(options)
  if (isForKinds(to))
    return createKindFiles(to, which, (path, own) => createJsonSink({ ...options, to: path, ...own }))
  const target = createFileTarget(to, { ...options, frame: { begin, end: '\n]\n', findEnd } })
  const textOf = (batch: readonly SinkRecord[]) =>
    batch
      .filter((record) => keeps(which, record))
      .map((record) => toLine(record, which).trimEnd())
      .join(',\n')

  async function write(batch: readonly SinkRecord[]): Promise<void> {
    const text = textOf(batch)
    if (text !== '') await target.append(text)
  }

  return {
    name: target.name,
    ...which,
    async open() {
      const beginning = await target.open()
      if (beginning === '' || /^\uFEFF?\s*\[/.test(beginning)) return
      await target.close()
      const why = 'it holds no JSON array. Write to a new file, or to one that ends in .jsonl'
      throw sinkFailed(to, new Error(why), { isPermanent: true })
    },
    write,
    place: () => target.place(),
    async complete(batch, place) {
      const text = textOf(batch)
      if (text !== '' && !(await target.complete(text, place))) await write(batch)
    },
    takesBack: 'at-end',
    async takeBack(retractions) {
      const wrong = new WrongLines(retractions, which)
      if (wrong.count > 0) await target.rewriteAny((pieces) => withoutElements(pieces, wrong))
      return wrong.count
    },
    close: () => target.close(),
  }
}

/** What goes before an element, by the character that it comes after. */
function begin(before: string): string {
  if (before === '') return '[\n'
  return before === '[' ? '\n' : ',\n'
}

/** The byte behind the last whole element. Its line says whether it is whole: our own text never has a line feed within. */
async function findEnd(file: OpenFile, size: number): Promise<number> {
  const upto = await withoutSpace(file, size)
  const line = await findUnendedLine(file, upto)
  if (!line) return upto
  const { text, start } = line
  if (text.endsWith(']') && isJson(start === 0 ? text : `[${text}`)) return withoutSpace(file, upto - 1)
  const isWhole = text === '[' || isJson(text.replace(/,$/, ''))
  const end = isWhole ? upto : await withoutSpace(file, start)
  const last = (await readBytes(file, end - 1, 1)).toString('latin1')
  return last === ',' ? withoutSpace(file, end - 1) : end
}

async function withoutSpace(file: OpenFile, size: number): Promise<number> {
  const from = Math.max(0, size - 64)
  return from + (await readBytes(file, from, size - from)).toString('latin1').trimEnd().length
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
