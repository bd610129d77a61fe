import { hash } from 'node:crypto'
import type { FormRequest } from '../contracts/form.ts'
import { encodingOf, nameOfEncoding, percentEncode } from './encodings.ts'
import type { Field } from './form-fields.ts'

/**
 * What a form sends, by the HTML standard ("constructing the entry list", "multipart form data", "plain text form data") and
 * the URL standard's serializer. What is part of a URL, or looks like one, is in the form's own encoding; the other two
 * bodies are text, and a request sends text in UTF-8.
 */
export interface Entry {
  readonly name: string
  readonly value: string
  readonly isFile: boolean
}

/** The entries of one field; of a button that was pressed. `charset` is what they are sent in. */
export function entriesOf({ name, kind, values, choice, attributes }: Field, charset: string): Entry[] {
  if (kind === 'button') return [{ name, value: choice ?? '', isFile: false }]
  if (kind === 'file') return [{ name, value: '', isFile: true }]
  // By this field a page is told what the others are sent in.
  if (name === '_charset_' && attributes.type?.toLowerCase() === 'hidden') {
    return [{ name, value: nameOfEncoding(charset), isFile: false }]
  }
  return values.map((value) => ({ name, value: withLineEnds(value), isFile: false }))
}

/** The first encoding that exists among those that a form accepts. */
export function acceptedEncoding(labels: string | undefined): string | undefined {
  for (const label of labels?.split(/[\t\n\f\r ,]+/) ?? []) {
    const encoding = encodingOf(label)
    if (encoding !== undefined) return encoding
  }
  return undefined
}

export function isUrlencoded(enctype: string): boolean {
  return enctype !== multipartForm && enctype !== plainForm
}

export function formBody(
  entries: readonly Entry[],
  enctype: string,
  charset: string,
): Pick<FormRequest, 'headers' | 'body'> {
  if (enctype === multipartForm) return multipart(entries)
  if (enctype === plainForm) {
    const body = entries.map(({ name, value }) => `${withLineEnds(name)}=${value}\r\n`).join('')
    return { headers: { 'content-type': plainForm }, body }
  }
  const body = urlencoded(entries, charset)
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }
}

/** What the encoding lacks becomes a character reference. */
export function urlencoded(entries: readonly Entry[], charset: string): string {
  const pairs = entries.map(({ name, value }) => [withLineEnds(name), value])
  if (charset === 'utf-8') return new URLSearchParams(pairs).toString()
  const encode = (text: string) => percentEncode(text, charset, escapedInForms, true)
  return pairs.map((pair) => pair.map(encode).join('=')).join('&')
}

const multipartForm = 'multipart/form-data'
const plainForm = 'text/plain'

/** All of ASCII but letters, digits and `*-._`. */
const escapedInForms = ' !"#$%&\'()+,/:;<=>?@[\\]^`{|}~'

/** The boundary is made of the content, so that the same form is the same request. No file is sent, as if none was chosen. */
function multipart(entries: readonly Entry[]): Pick<FormRequest, 'headers' | 'body'> {
  const boundary = `----form${hash('sha256', JSON.stringify(entries)).slice(0, 24)}`
  const parts = entries.map(({ name, value, isFile }) => {
    const file = isFile ? '; filename=""\r\ncontent-type: application/octet-stream' : ''
    return `--${boundary}\r\ncontent-disposition: form-data; name="${escaped(name)}"${file}\r\n\r\n${value}\r\n`
  })
  const body = `${parts.join('')}--${boundary}--\r\n`
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body }
}

function escaped(name: string): string {
  return withLineEnds(name).replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function withLineEnds(value: string): string {
  return value.replaceAll(/\r\n?|\n/g, '\r\n')
}
