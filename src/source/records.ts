import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'
import { valueAt } from './json-pointer.ts'
import { readCsv } from './read-csv.ts'

/**
 * The records of an answer, in whichever form an interface sends them: a list in JSON, a value on each line (NDJSON), a
 * sequence (RFC 7464), or a table with a head (CSV).
 */
export type RecordFormat = 'json' | 'ndjson' | 'json-seq' | 'csv'

export interface Records {
  /** The whole answer, where it is one document of JSON. */
  readonly document: unknown
  readonly items: readonly unknown[]
}

export interface RecordOptions {
  /** Default: what the type of the answer says, and JSON where it says nothing. */
  readonly format?: RecordFormat | undefined
  /** A JSON pointer to the list, in a document of JSON. Default: the answer is the list. */
  readonly items?: string
  /** Between the cells of a table. Default: told by its head, a comma where that does not tell. */
  readonly delimiter?: string | undefined
}

/** Throws SOURCE_FAILED, naming the page and the place where it cannot be read. An answer without a body has no records. */
export function readRecords(
  page: Pick<Page, 'url' | 'size' | 'mimeType' | 'text' | 'json'>,
  { format = formatOf(page.mimeType), items = '', delimiter }: RecordOptions = {},
): Records {
  if (page.size === 0) return { document: undefined, items: [] }
  if (format === 'csv')
    return { document: undefined, items: readCsv(page, { delimiter: delimiter ?? delimiterOf(page.text()) }) }
  if (format !== 'json') return { document: undefined, items: valuesOf(page.url, page.text(), format) }
  const document = page.json()
  const list = valueAt(document, items)
  // What has no entries is null in some languages.
  if (list === null && items !== '') return { document, items: [] }
  if (Array.isArray(list)) return { document, items: list }
  throw failed(page.url, `has no list at "${items}"${hintOf(document)}`)
}

/** By the media types that are registered or in use. */
export function formatOf(mimeType: string): RecordFormat {
  if (/^application\/(x-)?(ndjson|json-?lines|jsonl|ldjson)$/.test(mimeType)) return 'ndjson'
  if (mimeType === 'application/stream+json') return 'ndjson'
  if (mimeType === 'application/json-seq' || mimeType.endsWith('+json-seq')) return 'json-seq'
  return /^(text|application)\/(x-)?(csv|comma-separated-values)$/.test(mimeType) ? 'csv' : 'json'
}

/** What a person needs who has named the wrong place: what there is, and what the answer says of itself. */
function hintOf(document: unknown): string {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return ''
  const lists = Object.entries(document).filter(([, value]) => Array.isArray(value))
  const names = lists.map(([name]) => `"/${name.replaceAll('~', '~0').replaceAll('/', '~1')}"`)
  const { message, error, errors } = document as Record<string, unknown>
  const said = [message, error, errors].find((each) => each !== undefined && each !== null)
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  if (said !== undefined && text !== undefined) return `; it says ${text.slice(0, 200)}`
  return names.length === 0 ? '' : `; there is one at ${names.slice(0, 5).join(', ')}`
}

function valuesOf(url: string, text: string, format: 'ndjson' | 'json-seq'): unknown[] {
  const parts = text.split(format === 'ndjson' ? /\r\n|\n|\r/ : '\u001e')
  const values: unknown[] = []
  for (const [at, part] of parts.entries()) {
    const one = part.trim().replace(/^\ufeff/, '')
    if (one === '') continue
    try {
      values.push(JSON.parse(one))
    } catch (error) {
      const place = format === 'ndjson' ? `line ${at + 1}` : `record ${at}`
      throw failed(url, `is not JSON at ${place}: ${messageOf(error)}`, error)
    }
  }
  return values
}

const delimiters = [',', ';', '\t', '|']

/** The one that parts the head most often. */
function delimiterOf(table: string): string {
  const head = /^[^\r\n]*/.exec(table)![0]
  const count = (delimiter: string) => head.split(delimiter).length
  return delimiters.reduce((best, each) => (count(each) > count(best) ? each : best))
}

function failed(url: string, why: string, cause?: unknown): RegattaError {
  return new RegattaError('SOURCE_FAILED', `${url} ${why}.`, { value: { url }, cause })
}
