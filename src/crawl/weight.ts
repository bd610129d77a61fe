import { Buffer } from 'node:buffer'
import type { HttpResponse } from '../contracts/outcome.ts'
import { isReadable, sizeOfBody } from '../contracts/response-body.ts'

/**
 * About how many bytes of memory it takes to read a page: its body, its text, and what is made of it. A tree weighs by
 * its tags and not by its length: an element with a text in it takes some seven hundred bytes.
 */
export function weightOf(response: HttpResponse): number {
  const { body, file, headers } = response
  const type = String(headers['content-type'] ?? '').toLowerCase()
  // A film on disk is saved, or read as a stream.
  if (file && (!isReadable(response) || !isText.test(type))) return body.length
  const size = sizeOfBody(response)
  if (/json/.test(type)) return size * ofJson
  const isMarkup = type === '' || /html|xml/.test(type)
  const tags = isMarkup && body.length > 0 ? (tagsIn(body) * size) / body.length : 0
  return size * ofText + tags * ofTag
}

const isText = /^\s*text\/|html|xml|json|javascript/
/** Bytes of memory for one byte of text, of JSON, and for one tag. */
const ofText = 3
const ofJson = 12
const ofTag = 700

/** `<` */
const bracket = 0x3c

function tagsIn(body: Uint8Array): number {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  let tags = 0
  for (let at = bytes.indexOf(bracket); at >= 0; at = bytes.indexOf(bracket, at + 1)) tags++
  return tags
}
