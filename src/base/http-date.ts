/**
 * The one reader of dates in headers. It takes the three forms of RFC 9110, 5.6.7, and what servers send instead:
 * parts in another order, left out or in lower case, another zone, ISO 8601, what JavaScript, Go, Java and Python print.
 * Words and numbers are told apart by what they are, not by where they stand, as in curl's reader. `Date.parse` is no way
 * to do this: it takes `-1` for a year, and asctime's form for local time. What is ambiguous (`11/12/2026`) or holds a word
 * that nobody knows is not read.
 */
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const fullMonths =
  'january february march april may june july august september october november december'.split(' ')
const weekday =
  /^(?:sun(?:day)?|mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs?|rsday)?|fri(?:day)?|sat(?:urday)?)$/

/** Hours from UTC, of those whose name means one thing. (IST, for one, means three.) */
const zones: Readonly<Record<string, number>> = {
  ...{
    gmt: 0,
    utc: 0,
    ut: 0,
    z: 0,
    wet: 0,
    west: 1,
    bst: 1,
    cet: 1,
    met: 1,
    cest: 2,
    mest: 2,
    eet: 2,
    eest: 3,
    msk: 3,
  },
  ...{
    ast: -4,
    adt: -3,
    est: -5,
    edt: -4,
    cst: -6,
    cdt: -5,
    mst: -7,
    mdt: -6,
    pst: -8,
    pdt: -7,
    akst: -9,
    hst: -10,
  },
  ...{ jst: 9, kst: 9, aest: 10, aedt: 11, nzst: 12, nzdt: 13 },
}

const longest = 100

/** Numeric dates are tried first, as parts of them would be read as something else. */
const token =
  /(?<time>\d{1,2}:\d{1,2}(?::\d{1,2}(?:[.,]\d+)?)?(?![\d:]))|(?<date>\d{4}([-/.])\d{1,2}\3\d{1,2}(?!\d)|\d{8}(?!\d))(?:[Tt](?=\d)(?<clock>\d{4}(?:\d\d)?(?!\d))?)?|(?<zone>[+-]\d{1,2}(?::?\d\d)?(?!\d))|(?<word>[A-Za-z]+)|(?<number>\d+)|\([^()]*\)|[^A-Za-z\d]/y

/** Unix time in ms, or undefined when the text is no date. `now`, Unix time in ms, tells the century of a two-digit year. */
export function parseHttpDate(text: string, now: number): number | undefined {
  if (text.length > longest) return undefined
  const parts: Parts = { numbers: [] }
  token.lastIndex = 0
  let before = ''
  while (token.lastIndex < text.length) {
    const start = token.lastIndex
    const found = token.exec(text)
    if (!found) return undefined
    const { time, date, clock, zone, word, number } = found.groups!
    let isTaken = true
    if (time !== undefined) isTaken = takeTime(parts, time.split(/[:.,]/))
    else if (date !== undefined) {
      isTaken = takeDate(parts, date) && (clock === undefined || takeTime(parts, clock.match(/\d\d/g)!))
    } else if (zone !== undefined) {
      if (isZonePlace(before, text[start - 1], zone)) isTaken = takeOffset(parts, zone)
      else token.lastIndex = start + 1 // a dash between two parts
    } else if (word !== undefined) isTaken = takeWord(parts, word.toLowerCase())
    else if (number !== undefined) parts.numbers.push(number)
    if (!isTaken) return undefined
    if (found[0].trim() !== '') before = word === undefined ? (time ?? date ?? '') : word.toLowerCase()
  }
  return assemble(parts, now)
}

interface Parts {
  /** Days and years in the order in which they came. */
  readonly numbers: string[]
  month?: number
  /** ms since midnight. */
  time?: number
  /** Minutes from UTC; a number counts more than a name beside it. */
  offset?: number
  namedOffset?: number
}

/** A sign stands before a zone behind a time, a date or a zone's name; elsewhere it separates. */
function isZonePlace(before: string, previous: string | undefined, zone: string): boolean {
  if (Object.hasOwn(zones, before) && previous !== ' ') return true
  return (
    zone.length >= 5 &&
    (/:/.test(before) || Object.hasOwn(zones, before) || (previous === ' ' && before !== ''))
  )
}

function takeTime(parts: Parts, [hour, minute, second = '0', fraction = '0']: string[]): boolean {
  if (parts.time !== undefined) return false
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)]
  if (hours > 23 || minutes > 59 || seconds > 60) return false
  parts.time = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + Math.floor(Number(`0.${fraction}`) * 1_000)
  return true
}

function takeDate(parts: Parts, date: string): boolean {
  const [, year, month, day] = /^(\d{4})\D?(\d{1,2})\D?(\d{1,2})$/.exec(date)!
  if (parts.month !== undefined || parts.numbers.length > 0) return false
  parts.month = Number(month) - 1
  parts.numbers.push(day!, year!)
  return parts.month >= 0 && parts.month < 12
}

function takeOffset(parts: Parts, zone: string): boolean {
  const digits = zone.slice(1).replace(':', '')
  const [hours, minutes] =
    digits.length < 3 ? [Number(digits), 0] : [Number(digits.slice(0, -2)), Number(digits.slice(-2))]
  if (parts.offset !== undefined || hours > 14 || minutes > 59) return false
  parts.offset = (hours * 60 + minutes) * (zone.startsWith('-') ? -1 : 1)
  return true
}

function takeWord(parts: Parts, word: string): boolean {
  if (weekday.test(word)) return true
  if (Object.hasOwn(zones, word)) {
    parts.namedOffset ??= zones[word]! * 60
    return true
  }
  const full = fullMonths.indexOf(word)
  const month = full >= 0 ? full : months.indexOf(word === 'sept' ? 'sep' : word)
  if (month < 0 || parts.month !== undefined) return false
  parts.month = month
  return true
}

function assemble(
  { numbers, month, time = 0, offset, namedOffset = 0 }: Parts,
  now: number,
): number | undefined {
  const [one = '', other = '', more] = numbers
  if (month === undefined || other === '' || more !== undefined) return undefined
  const [day, written] = isDay(one) ? [Number(one), other] : [Number(other), one]
  const year = yearOf(written, month, day, now)
  if (year === undefined || !isDay(String(day))) return undefined
  const midnight = Date.UTC(year, month, day)
  if (new Date(midnight).getUTCDate() !== day) return undefined
  return midnight + time - (offset ?? namedOffset) * 60_000
}

function isDay(text: string): boolean {
  return text.length <= 3 && Number(text) >= 1 && Number(text) <= 31
}

/** Four digits from 1583 on; or two: more than fifty years ahead is the past (RFC 9110, 5.6.7). */
function yearOf(written: string, month: number, day: number, now: number): number | undefined {
  const year = Number(written)
  if (written.length === 4) return year >= 1583 ? year : undefined
  if (written.length !== 2) return undefined
  const today = new Date(now)
  const inThis = Math.floor(today.getUTCFullYear() / 100) * 100 + year
  const isFarAhead = Date.UTC(inThis, month, day) > today.setUTCFullYear(today.getUTCFullYear() + 50)
  return isFarAhead ? inThis - 100 : inThis
}
