import type { Random } from '../../base/random.ts'
import { latinWord } from './invented-words.ts'
import { headerIn, type Message, withHeader } from './whole-message.ts'

/** The page is there, but its header says something else of it, or its bytes are another encoding of the same text. */

/** An encoding that the text is not in, and that no reader refuses. */
export function otherCharset(truth: Message): Message | undefined {
  const type = textType(truth)
  if (type === undefined) return undefined
  const own = /charset=["']?([\w-]+)/i.exec(type)?.[1]?.toLowerCase()
  const other = own === 'windows-1251' ? 'windows-1252' : 'windows-1251'
  return withHeader(truth, 'content-type', `${type.split(';')[0]}; charset=${other}`)
}

/** Each byte taken for a character and encoded once more; a page in ASCII alone stays as it is. */
export function encodedTwice(truth: Message): Message | undefined {
  if (textType(truth) === undefined) return undefined
  const body = Buffer.from(truth.body.toString('latin1'), 'utf8')
  return body.length === truth.body.length ? undefined : { ...truth, body }
}

export function retyped(truth: Message, type: string): Message | undefined {
  return textType(truth) === undefined ? undefined : withHeader(truth, 'content-type', type)
}

export function withoutCookies(truth: Message): Message | undefined {
  return headerIn(truth, 'set-cookie') === undefined ? undefined : withHeader(truth, 'set-cookie', undefined)
}

export function withTraces(truth: Message, random: Random): Message {
  const added = [
    ['via', `1.1 ${latinWord(random)}`],
    ['x-cache', 'MISS'],
    ['age', '0'],
  ] as const
  return { ...truth, headers: [...truth.headers, ...added] }
}

export function recoded(truth: Message): Message | undefined {
  return truth.coding === '' && !truth.isChunked ? undefined : { ...truth, coding: '', isChunked: false }
}

/** Undefined for what is no text of a page. */
function textType(truth: Message): string | undefined {
  const type = headerIn(truth, 'content-type')
  return truth.status === 200 && type !== undefined && /html|json|xml/i.test(type) ? type : undefined
}
