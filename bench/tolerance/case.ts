/**
 * One page as some server of the web serves it, and how one sees that a client got it: the marker stands in the text of a
 * page that the client handed over.
 */
export interface ToleranceCase {
  readonly title: string
  readonly marker?: string
  /** Where the client begins. Default `/`. */
  readonly start?: string
  /**
   * What it takes. `page`: the bytes of the first page, so every client is asked. `text`: the page's encoding is undone. `crawl`: links, redirects of a
   * document, robots.txt. `sitemap`: the sitemaps. A client that does not do that is not asked.
   */
  readonly needs: 'page' | 'text' | 'crawl' | 'sitemap'
  /** Bytes for a request, however broken. They are sent as they are. */
  answer(request: Asked, self: string): Answer | Promise<Answer>
  readonly secure?: boolean
  /** Name in the URL. Default 127.0.0.1. */
  readonly host?: string
  /** Nobody gets it, so that Regatta need not when it is asked alone. */
  readonly isHopeless?: true
  /** Why Regatta does not get it where others do, and should not. */
  readonly differs?: string
}

export interface Asked {
  readonly path: string
  /** The head as text, a byte a character. */
  readonly head: string
}

export interface Answer {
  /** Written one after the other, with a pause of a millisecond. */
  readonly pieces: readonly (string | Buffer)[]
  /** What happens then; `keep` waits for the next request. */
  readonly after: 'close' | 'keep' | 'reset'
}

export const marker = 'The page has arrived.'

/** Characters are bytes (latin1), and the connection is closed. */
export function raw(...pieces: readonly (string | Buffer)[]): Answer {
  return { pieces, after: 'close' }
}

export function keep({ pieces }: Answer): Answer {
  return { pieces, after: 'keep' }
}

/** A head without flaws; `\n` at the end of a line stands for CRLF. */
export function head(status: string, ...lines: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n')
}

export const html = (body: string) =>
  `<!DOCTYPE html><html><head><title>A page</title></head><body>${body}</body></html>`

/** A page like any other: with its length, its type, and a connection that stays. */
export function page(
  body: string | Buffer = html(`<p>${marker}</p>`),
  type: string | undefined = 'text/html; charset=utf-8',
  ...lines: readonly string[]
): Answer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const types = type === '' ? [] : [`Content-Type: ${type}`]
  return {
    pieces: [
      Buffer.concat([
        Buffer.from(head('200 OK', ...types, ...lines, `Content-Length: ${bytes.length}`), 'latin1'),
        bytes,
      ]),
    ],
    after: 'keep',
  }
}

export function status(
  code: string,
  body = html('<p>Nothing here.</p>'),
  ...lines: readonly string[]
): Answer {
  return {
    pieces: [head(code, 'Content-Type: text/html', ...lines, `Content-Length: ${body.length}`) + body],
    after: 'keep',
  }
}

export const notFound = status('404 Not Found')

export function redirect(location: string | Buffer, code = '302 Found', ...lines: readonly string[]): Answer {
  const text = typeof location === 'string' ? location : location.toString('latin1')
  return {
    pieces: [Buffer.from(head(code, ...lines, `Location: ${text}`, 'Content-Length: 0'), 'latin1')],
    after: 'keep',
  }
}

/** By path; what is not named is not there. The path is as it came, a byte a character. */
export function paths(
  answers: Readonly<Record<string, Answer | ((self: string, request: Asked) => Answer)>>,
): ToleranceCase['answer'] {
  return (request, self) => {
    const answer = answers[request.path]
    return typeof answer === 'function' ? answer(self, request) : (answer ?? notFound)
  }
}

/** The first page answers so, everything else is not there. */
export const first = (answer: Answer) => paths({ '/': answer })
