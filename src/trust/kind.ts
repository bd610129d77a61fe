import type { HttpResponse } from '../contracts/outcome.ts'

/**
 * What kind of traffic an answer is. A proxy may be honest about one kind and lie about another: it puts scripts into HTML and leaves
 * JSON alone, or keeps pages and answers robots.txt itself. So an exit is found honest for each kind by itself.
 */
export const kinds = { html: 1, json: 2, xml: 4, text: 8, other: 16, robots: 32, end: 64 } as const

/** One of them, as a bit. */
export type Kind = (typeof kinds)[keyof typeof kinds]

/** Of an answer to this URL; undefined for a page that cannot be had, which is an end. */
export function kindOf(url: string, response: HttpResponse | undefined): Kind {
  if (/^\w+:\/\/[^/]+\/robots\.txt(\?|$)/.test(url)) return kinds.robots
  if (response === undefined || isEnding(response)) return kinds.end
  const type = response.headers['content-type']
  return typeof type === 'string' ? kindOfType(type.toLowerCase()) : kinds.other
}

function kindOfType(type: string): Kind {
  if (type.includes('html')) return kinds.html
  if (type.includes('json')) return kinds.json
  if (type.includes('xml')) return kinds.xml
  return type.startsWith('text/') ? kinds.text : kinds.other
}

/** It removes a page, or sends elsewhere. */
function isEnding({ status, body, headers }: HttpResponse): boolean {
  if (status < 200 || status >= 300 || status === 204) return true
  // The answer to HEAD has no body, and says how long it would be.
  return body.length === 0 && Number(headers['content-length'] ?? 0) === 0
}
