import type { CheerioAPI } from 'cheerio'
import type { DomHandler } from 'domhandler'
import { atFirstUse } from '../base/at-first-use.ts'
import { mostNodes, mostXmlDepth, tooCostly } from './page-budget.ts'

const htmlparser = atFirstUse<typeof import('htmlparser2')>('htmlparser2')
/** Of the version whose nodes cheerio knows. */
const domhandler = atFirstUse<typeof import('domhandler')>('domhandler')

/**
 * XML to a tree (htmlparser2, which expands no entities of the document's own), within the budget of one page: the parser
 * moves all open elements at each tag, and the tree may be walked by recursion. Throws PAGE_OVER_BUDGET.
 */
export function parseXml(text: string): ReturnType<CheerioAPI['root']>[number] {
  const { Parser } = htmlparser()
  const { DomHandler } = domhandler()
  const handler = new DomHandler(undefined, { xmlMode: true })
  new Parser(within(handler), { xmlMode: true }).end(text)
  return handler.root as ReturnType<CheerioAPI['root']>[number]
}

/** The handler, told no more than a page may have. */
function within(handler: DomHandler): DomHandler {
  let depth = 0
  let nodes = 0
  const count = () => {
    if (++nodes > mostNodes) throw tooCostly(`it has more than ${mostNodes.toLocaleString('en')} nodes`)
  }
  const { onopentag, onclosetag, ontext, oncomment, onprocessinginstruction } = handler
  handler.onopentag = (name, attributes) => {
    count()
    if (++depth > mostXmlDepth) throw tooCostly(`its elements nest more than ${mostXmlDepth} deep`)
    onopentag.call(handler, name, attributes)
  }
  handler.onclosetag = () => {
    depth--
    onclosetag.call(handler)
  }
  handler.ontext = (data) => {
    count()
    ontext.call(handler, data)
  }
  handler.oncomment = (data) => {
    count()
    oncomment.call(handler, data)
  }
  handler.onprocessinginstruction = (name, data) => {
    count()
    onprocessinginstruction.call(handler, name, data)
  }
  return handler
}
