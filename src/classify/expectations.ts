import { Buffer } from 'node:buffer'
import type { Classifier } from '../contracts/classifier.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { isReadable, readBody } from '../contracts/response-body.ts'
import { defineClassifier } from './define-classifier.ts'
import { headerOf } from './retry-after.ts'
import { blocked } from './verdicts.ts'
import { hostOf, isHtml, latin1 } from './view.ts'

/**
 * What only the caller knows about a site, as ready-made classifiers (rows 37 and 47). Both look at HTML pages with a good
 * status, of one host and those below it, or of all when none is named.
 */
export interface ExpectationScope {
  /** This host and those below it. Default: all. */
  readonly host?: string
}

/** Pages must hold this text, byte for byte in UTF-8, such as `class="product"`. Pages without it are blocked. */
export function mustContain(text: string, scope: ExpectationScope = {}): Classifier {
  if (typeof text !== 'string' || text === '') {
    throw new RegattaError('OPTION_INVALID', 'mustContain() needs the text that every good page holds.', {
      value: { path: 'text', value: text },
    })
  }
  const marker = Buffer.from(text)
  return defineClassifier({
    name: 'must-contain',
    classify(exchange, context) {
      if (exchange.kind === 'fault' || context.request.method === 'HEAD' || !isExpected(exchange, scope))
        return undefined
      if (holds(exchange.body, marker)) return undefined
      // Of a page that is on disk there is only the beginning here; one that is too long to be read is let pass.
      if (exchange.file && (!isReadable(exchange) || holds(readBody(exchange), marker))) return undefined
      return blocked('marker-missing')
    },
  })
}

/** Pages must be in this language (`de`, `pt-BR`), where they say which. Others count as half a block. */
export function expectLanguage(tag: string, scope: ExpectationScope = {}): Classifier {
  if (typeof tag !== 'string' || !/^[a-z]{2,3}(?:-[a-z\d]{2,8})*$/i.test(tag)) {
    throw new RegattaError(
      'OPTION_INVALID',
      'expectLanguage() needs a language tag such as "de" or "pt-BR".',
      {
        value: { path: 'tag', value: tag },
      },
    )
  }
  const wanted = tag.toLowerCase()
  return defineClassifier({
    name: 'expect-language',
    classify(exchange) {
      if (exchange.kind === 'fault' || !isExpected(exchange, scope)) return undefined
      const declared = languageOf(exchange)
      if (declared === undefined || declared === wanted || declared.startsWith(`${wanted}-`)) return undefined
      return blocked('wrong-language', { weight: 0.5 })
    },
  })
}

function holds(body: Uint8Array, marker: Buffer): boolean {
  return Buffer.from(body.buffer, body.byteOffset, body.length).includes(marker)
}

function isExpected(response: HttpResponse, { host }: ExpectationScope): boolean {
  if (response.status < 200 || response.status >= 300 || response.status === 204 || !isHtml(response))
    return false
  const reached = host === undefined ? undefined : hostOf(response.url)
  return host === undefined || (reached !== undefined && (reached === host || reached.endsWith(`.${host}`)))
}

function languageOf(response: HttpResponse): string | undefined {
  const inPage = /<html\b[^<>]{0,400}?\blang\s{0,9}=\s{0,9}["']?([a-z\d-]+)/i.exec(
    latin1(response.body, 0, 2_048),
  )?.[1]
  const declared = inPage ?? headerOf(response.headers, 'content-language')
  return declared?.includes(',') ? undefined : declared?.trim().toLowerCase()
}
