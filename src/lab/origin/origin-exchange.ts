import type { OriginRow } from '../books.ts'

/** One request as an origin sees it. Headers stay text until a route asks for one: most never do. */
export class Exchange {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
  /** Request line and headers, as they came. */
  readonly head: string
  /** The body, one character a byte. */
  readonly body: string
  readonly exitIp: string
  readonly row: OriginRow

  constructor(method: string, target: string, head: string, body: string, row: OriginRow) {
    const mark = target.indexOf('?')
    this.method = method
    this.path = mark < 0 ? target : target.slice(0, mark)
    this.query = mark < 0 ? '' : target.slice(mark + 1)
    this.head = head
    this.body = body
    this.exitIp = row.exitIp
    this.row = row
  }

  parameter(name: string): string | undefined {
    return this.query === '' ? undefined : (new URLSearchParams(this.query).get(name) ?? undefined)
  }

  header(name: string): string | undefined {
    return headerOf(this.head, name)
  }

  cookie(name: string): string | undefined {
    for (const pair of (this.header('cookie') ?? '').split(';')) {
      const equals = pair.indexOf('=')
      if (pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
    }
    return undefined
  }

  /** Names in lower case, in order of arrival; a repeated one is joined by commas. */
  headers(): Record<string, string> {
    const all: Record<string, string> = {}
    for (const line of this.head.split('\r\n').slice(1)) {
      const colon = line.indexOf(':')
      if (colon <= 0) continue
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      all[name] = name in all ? `${all[name]}, ${value}` : value
    }
    return all
  }
}

/** The value of the first header of this name in a message head, trimmed. */
export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}:[ \\t]*([^\\r]*)`, 'i').exec(head)?.[1]?.trim()
}
