import type { CheerioAPI } from 'cheerio'
import { sniffMime } from '../base/sniff-mime.ts'
import { assertArgument, hasFunctions } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Form, FormRequest, FormValues } from '../contracts/form.ts'
import { documentText } from './charset.ts'
import { documentUrl } from './document-url.ts'
import { outputEncoding } from './encodings.ts'
import { acceptedEncoding, entriesOf, formBody, isUrlencoded, urlencoded } from './form-body.ts'
import { type Element, type Field, fieldsOf, isElement, isWithin } from './form-fields.ts'
import { baseUrl } from './links.ts'
import { parseMarkup } from './markup.ts'

/**
 * A form as a browser would send it, by the HTML standard ("Form submission algorithm"), as far as that needs no script. It
 * is read out of a response, which stays readable. Throws SOURCE_FAILED when no form matches; names those there are.
 */
export async function readForm(response: Response, selector = 'form'): Promise<Form> {
  const isResponse = hasFunctions(response, 'clone', 'arrayBuffer')
  assertArgument(isResponse, 'readForm()', 'response', 'a Response', response)
  assertArgument(typeof selector === 'string', 'readForm()', 'selector', 'a CSS selector', selector)
  const body = new Uint8Array(await response.clone().arrayBuffer())
  const headers = Object.fromEntries(response.headers)
  const type = sniffMime(headers, body)
  const { text, encoding } = documentText(body, headers, type)
  return formIn(parseMarkup(text, type), response.url, selector, encoding)
}

/** The selector may mean the form, something in it, or something around it. */
export function formIn($: CheerioAPI, pageUrl: string, selector: string, encoding = 'utf-8'): Form {
  const found = select($, pageUrl, selector)
  const form = found && formFor($, found)
  if (!form) {
    const all = $('form').toArray().slice(0, 10)
    const names = all.map((each) => nameOf($(each).attr())).join(', ')
    const there = all.length === 0 ? 'it has no form at all' : `its forms are ${names}`
    throw failure(`${pageUrl} has no form "${selector}"; ${there}`, pageUrl, selector)
  }
  const what = `Form "${selector}" of ${pageUrl}`
  const fail = (sentence: string) => failure(sentence, pageUrl, selector)
  const own = form.attribs
  const base = baseUrl($, pageUrl, encoding)
  const sending = (button: Field | undefined): Sending => {
    const { action, method, enctype } = overridden(own, button)
    const url = documentUrl(action || pageUrl, base, encoding)
    if (url === undefined) throw fail(`${what} sends to "${action}", and no request can`)
    const isPost = method?.trim().toLowerCase() === 'post'
    return { url, method: isPost ? 'POST' : 'GET', enctype: enctype?.trim().toLowerCase() ?? '' }
  }
  const charset = outputEncoding(acceptedEncoding(own['accept-charset']) ?? encoding)
  return new ReadForm({ what, fields: fieldsOf($, form), charset, fail, sending })
}

interface Sending {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly enctype: string
}

interface FormParts {
  /** For messages. */
  readonly what: string
  readonly fields: Field[]
  /** What fields are sent in, as far as they are part of a URL or look like one. */
  readonly charset: string
  fail(sentence: string): RegattaError
  /** How it is sent by this button, which may say otherwise than the form. */
  sending(button: Field | undefined): Sending
}

class ReadForm implements Form {
  readonly #parts: FormParts

  constructor(parts: FormParts) {
    this.#parts = parts
  }

  get url(): string {
    return this.#parts.sending(undefined).url
  }

  get method(): 'GET' | 'POST' {
    return this.#parts.sending(undefined).method
  }

  get names(): readonly string[] {
    return [...new Set(this.#parts.fields.map(({ name }) => name))]
  }

  value(name: string): string | undefined {
    return this.#named(name).find(({ kind, values }) => kind !== 'button' && values.length > 0)?.values[0]
  }

  fill(values: FormValues): Form {
    for (const [name, value] of Object.entries(values)) this.#fillOne(name, value)
    return this
  }

  add(name: string, value: string): Form {
    this.#parts.fields.push({ name, kind: 'text', values: [value], choice: undefined, attributes: {} })
    return this
  }

  request({ button: name }: { readonly button?: string } = {}): FormRequest {
    const { fields, charset, sending, fail, what } = this.#parts
    const buttons = fields.filter(({ kind }) => kind === 'button')
    const button = name === undefined ? buttons[0] : buttons.find((each) => each.name === name)
    if (name !== undefined && !button) throw fail(`${what} has no button "${name}"`)
    const sent = fields.filter((field) => field.name !== '' && (field.kind !== 'button' || field === button))
    const { url, method, enctype } = sending(button)
    const sentIn = method === 'GET' || isUrlencoded(enctype) ? charset : 'utf-8'
    const entries = sent.flatMap((field) => entriesOf(field, sentIn))
    if (method === 'GET') {
      const target = new URL(url)
      target.search = urlencoded(entries, charset)
      return { url: target.href, method, headers: {} }
    }
    return { url, method, ...formBody(entries, enctype, charset) }
  }

  #named(name: string): Field[] {
    return this.#parts.fields.filter((field) => field.name === name)
  }

  #fillOne(name: string, value: FormValues[string]): void {
    const { fail, what } = this.#parts
    const fields = this.#named(name).filter(({ kind }) => kind !== 'button')
    if (fields.length === 0) {
      throw fail(`${what} has no field "${name}"; it has ${this.names.filter(Boolean).join(', ') || 'none'}`)
    }
    if (fields.some(({ kind }) => kind === 'file'))
      throw fail(`${what}: field "${name}" takes a file; none is sent`)
    if (value === null) for (const field of fields) field.values = []
    else if (typeof value === 'boolean') {
      if (fields.some(({ kind }) => kind !== 'checkbox'))
        throw fail(`${what}: field "${name}" is no checkbox`)
      for (const field of fields) field.values = value ? [field.choice!] : []
    } else if (typeof value === 'object') fillSeveral(fields, value)
    else {
      const text = String(value)
      const choices = fields.filter(({ kind }) => kind === 'radio' || kind === 'checkbox')
      if (choices.length === 0) fields[0]!.values = [text]
      else if (choices.some(({ choice }) => choice === text)) {
        for (const field of choices) field.values = field.choice === text ? [text] : []
      } else {
        const there = choices.map(({ choice }) => `"${choice}"`).join(', ')
        throw fail(`${what}: field "${name}" offers ${there} and nothing else`)
      }
    }
  }
}

/** Ticks and selects what is listed; of equal text fields each takes the next one. */
function fillSeveral(fields: readonly Field[], values: readonly string[]): void {
  for (const [at, field] of fields.entries()) {
    if (field.kind === 'select') field.values = [...values]
    else if (field.choice !== undefined) field.values = values.includes(field.choice) ? [field.choice] : []
    else field.values = values.slice(at, at + 1)
  }
}

/** A button may send elsewhere, or in another way. */
function overridden(
  own: Readonly<Record<string, string>>,
  button: Field | undefined,
): Record<string, string | undefined> {
  const all: Record<string, string | undefined> = { ...own }
  for (const name of ['action', 'method', 'enctype']) {
    const over = button?.attributes[`form${name}`]
    if (over !== undefined) all[name] = over
  }
  return all
}

/** It is the form, stands in it, or has it within. */
function formFor($: CheerioAPI, found: Element): Element | undefined {
  if (found.name === 'form') return found
  const forms = $('form').toArray()
  return forms.find((form) => isWithin(found, form)) ?? forms.find((form) => isWithin(form, found))
}

function select($: CheerioAPI, pageUrl: string, selector: string): Element | undefined {
  try {
    return $(selector).toArray().find(isElement)
  } catch (error) {
    throw failure(`"${selector}" is no CSS selector`, pageUrl, selector, error)
  }
}

function nameOf(attributes: Readonly<Record<string, string>> | undefined): string {
  const { id, name, action } = attributes ?? {}
  if (id) return `form#${id}`
  return name ? `form[name="${name}"]` : `form[action="${action ?? ''}"]`
}

function failure(sentence: string, url: string, selector: string, cause?: unknown): RegattaError {
  return new RegattaError('SOURCE_FAILED', `${sentence}.`, { value: { url, selector }, cause })
}
