import { RegattaError } from '../contracts/errors.ts'

/** What one page may cost. A page is the site's word, and some are written to exhaust their readers. */

/** Nodes of a tree: elements, texts and comments. One takes a few hundred bytes of memory. */
export const mostNodes = 500_000

/** Elements of XML that may lie in one another. */
export const mostXmlDepth = 512

/** Elements of HTML that may lie in one another, and attributes of one tag: browsers stop there, too. */
export const mostOpen = 512
export const mostAttributes = 512

/** Links taken from one page, and their characters, resolved. */
export const mostLinks = 100_000
export const mostLinkCharacters = 16_000_000

/** What else is kept of one page. */
export const mostHeadings = 100_000
export const mostMetas = 1_000
export const mostForms = 1_000

/** The page is given up; `why` is a clause: "it has more than …". */
export function tooCostly(why: string): RegattaError<'PAGE_OVER_BUDGET'> {
  return new RegattaError('PAGE_OVER_BUDGET', `The page is not read: ${why}.`)
}
