import { readRows } from './data/read.ts'
import type { Case, Standard } from './standard.ts'

/** `StartTag` with name, attributes and whether it ends itself; `EndTag`; `Character`; `Comment`. */
export type HtmlToken = readonly [kind: string, ...parts: unknown[]]

/** What the tokens of a page are; its document type, which nothing here reads, left out. */
export const standard: Standard<string, readonly HtmlToken[]> = {
  name: 'HTML, 13.2.5',
  about: 'tags, attributes, character references and comments, however broken',
  source: 'html5lib-tests, test1 to test4, entities and domjs, those that begin in the data state (MIT)',
  cases: readRows<[page: string, tokens: HtmlToken[]]>('html-tokens.json').map(
    ([page, tokens]): Case<string, readonly HtmlToken[]> => {
      return { title: JSON.stringify(page), input: page, expected: tokens }
    },
  ),
}
