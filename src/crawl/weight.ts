import { Buffer } from 'node:buffer'
import { isHtmlType, isJsonType, isXmlType } from '../base/mime-type.ts'
import { sniffMime } from '../base/sniff-mime.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { isReadable, sizeOfBody } from '../contracts/response-body.ts'

/**
 * About how many bytes of memory it takes to read a page: its body, its text, and what is made of it. A tree weighs by
 * its tags and not by its length: an element with a text in it takes some seven hundred bytes.
 */
export function weightOf(response: HttpResponse): number {
  const { body, file, headers } = response
  const type = sniffMime(headers, body)
  const isMarkup = isHtmlType(type) || isXmlType(type)
  // A film on disk is saved, or read as a stream.
  const isText = isMarkup || isJsonType(type) || /^text\/|javascript$/.test(type)
  if (file && (!isReadable(response) || !isText)) return body.length
  const size = sizeOfBody(response)
  if (isJsonType(type)) return size * ofJson
  const tags = isMarkup && body.length > 0 ? (tagsIn(body) * size) / body.length : 0
  return size * ofText + tags * ofTag
}

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
