import { markupText } from '../../base/foreign-text.ts'
import { redact } from '../../base/redact.ts'

/**
 * HTML from a template: everything put in is text, unless it is markup made here. Titles, URLs and hosts come from pages that
 * somebody else wrote, so the safe way is the short one: nothing can be put in unescaped by forgetting something. Control
 * characters and those that turn the direction of a line become question marks, as on a terminal.
 */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

type Value = string | number | Markup | undefined | readonly (string | number | Markup | undefined)[]

export function html(parts: TemplateStringsArray, ...values: Value[]): Markup {
  let text = parts[0]!
  for (const [at, value] of values.entries()) text += escaped(value) + parts[at + 1]!
  return new Markup(text)
}

function escaped(value: Value): string {
  if (value === undefined) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return markupText(redact(value))
  return value.map(escaped).join('')
}

/** Foreign text, which may be written from right to left. */
export function foreign(text: string): Markup {
  return html`<bdi>${text}</bdi>`
}

/** A table with a head; `more` says what is left out. Numbers stand at the right. */
export function table(
  caption: string,
  head: readonly (string | { readonly number: string })[],
  rows: readonly (readonly (string | number | Markup)[])[],
  more = '',
): Markup {
  const isNumber = head.map((cell) => typeof cell !== 'string')
  const columns = head.map((cell) =>
    typeof cell === 'string'
      ? html`<th scope="col">${cell}</th>`
      : html`<th scope="col" class="n">${cell.number}</th>`,
  )
  const body = rows.map(
    (row) =>
      html`<tr>${row.map((cell, at) => (isNumber[at] ? html`<td class="n">${cell}</td>` : html`<td>${cell}</td>`))}</tr>\n`,
  )
  return html`<div class="scroll"><table><caption>${caption}</caption><thead><tr>${columns}</tr></thead><tbody>
${body}</tbody></table></div>${more === '' ? undefined : html`<p class="more">${more}</p>`}`
}

/** A table that is opened when somebody wants the figures behind a plot. */
export function figures(summary: string, content: Markup): Markup {
  return html`<details><summary>${summary}</summary>${content}</details>`
}
