/** What a first version of a source is made of: guessed from one page, to be read and changed by a person. */
export interface Guess {
  /** In words, for the one who asked: `10 rows of .quote`. */
  readonly found: string
  /** What each item is read from: rows of a page or of an answer; undefined where the page is one item. */
  readonly rows: Rows | undefined
  readonly fields: readonly Field[]
  /** What leads on. */
  readonly next: Next | undefined
  /** HTML, or JSON. */
  readonly format: 'html' | 'json'
}

/** `selector`: of HTML. `pointer`: the way to the list in JSON, by member names. */
export type Rows = { readonly selector: string } | { readonly pointer: readonly string[] }

export interface Field {
  /** An identifier. */
  readonly name: string
  /** The code of its schema: `z.string()`. */
  readonly schema: string
  /** How it is read from the row that `row` names; of JSON none is needed. */
  code(row: string): string
}

export type Next =
  /** A selector, or a member of the answer that is a URL. */
  | { readonly kind: 'selector'; readonly selector: string }
  | { readonly kind: 'member'; readonly pointer: readonly string[] }
  /** The number of the page stands in this parameter of the URL. */
  | { readonly kind: 'count'; readonly parameter: string }
