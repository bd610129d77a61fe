import type { CheerioAPI } from 'cheerio'
import { messageOf, RegattaError } from '../contracts/errors.ts'

/**
 * What is wrong with a CSS selector is told by three libraries below cheerio, and none of them repeats the selector. So
 * the methods of one page that take a selector say it: they are wrapped on the prototype that cheerio makes for each
 * document, and nowhere else.
 */
const methods = [
  'find',
  'closest',
  'filter',
  'not',
  'has',
  'is',
  'children',
  'siblings',
  'next',
  'nextAll',
  'nextUntil',
  'prev',
  'prevAll',
  'prevUntil',
  'parent',
  'parents',
  'parentsUntil',
] as const

type Method = (...given: unknown[]) => unknown

/** Makes a selector that is none throw SOURCE_FAILED, naming it and the page at `url`. Returns `$`. */
export function nameSelectors($: CheerioAPI, url: string): CheerioAPI {
  const prototype = $.fn as unknown as Record<(typeof methods)[number], Method>
  for (const name of methods) {
    const method = prototype[name]
    prototype[name] = function (this: unknown, ...given) {
      try {
        return method.apply(this, given)
      } catch (error) {
        const [selector] = given
        if (typeof selector !== 'string' || error instanceof RegattaError) throw error
        throw badSelector(selector, url, error)
      }
    }
  }
  return $
}

function badSelector(selector: string, url: string, cause: unknown): RegattaError {
  const why = messageOf(cause).replace(/\.$/, '')
  return new RegattaError('SOURCE_FAILED', `"${selector}" is no CSS selector: ${why}.`, {
    value: { url, selector },
    cause,
  })
}
