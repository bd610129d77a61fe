/**
 * A form of a page, with what it would send: hidden fields, defaults, what is ticked. Filled in, it gives a request with
 * the method, the address and the encoding that the form asks for. What is filled in stays inside: it may be a password.
 */
export interface Form {
  /** Where it sends to, absolute. */
  readonly url: string
  /** As its `method` says; a browser knows no other. */
  readonly method: 'GET' | 'POST'
  /** The names of its fields, in the order of the page, each once. */
  readonly names: readonly string[]
  /** What a field would send; undefined when it has no such field, or the field would send nothing. */
  value(name: string): string | undefined
  /**
   * Fills fields in. A text or a number is a value, a boolean ticks a checkbox, a list ticks or selects several, null takes a
   * field out. Throws SOURCE_FAILED for a name that the form does not have, naming those it has.
   */
  fill(values: FormValues): Form
  /** Adds a field that the page's own scripts would have added. */
  add(name: string, value: string): Form
  /**
   * The request that a browser would send: give it to `page.follow`, `fetch` or `session.submit`. `button` names the button
   * that is pressed. Default: the first one.
   */
  request(options?: { readonly button?: string }): FormRequest
}

/** By the name of the field. */
export type FormValues = Readonly<Record<string, string | number | boolean | readonly string[] | null>>

/** What a form sends. Fits `page.follow(…)` and `fetch(request.url, request)`. */
export interface FormRequest {
  /** Absolute; of a GET it holds the fields. */
  readonly url: string
  /** As its form says. */
  readonly method: 'GET' | 'POST'
  /** The content type of the body; empty without one. */
  readonly headers: Readonly<Record<string, string>>
  /** The fields of a POST, encoded as the form asks. Default: none. */
  readonly body?: string
}
