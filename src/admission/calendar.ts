/**
 * Calendars have a next month for ever. A year decides, and only where the URL says that it is a calendar: a news archive
 * has dates too (/1923/05/12/…), and a part number looks like one (/part/2031-05). What does not say so is left to the
 * pages themselves (barren.ts).
 */
export interface CalendarLimits {
  /** First and last year that is crawled. */
  readonly from: number
  readonly to: number
}

/**
 * `calendar`: its words say so; it is limited both ways, and in number. `dated`: it takes a date or lists events; those
 * may lie far back, but not far ahead.
 */
export type CalendarKind = 'calendar' | 'dated'

export function calendarKindOf(url: URL): CalendarKind | undefined {
  const words = `${url.pathname} ${url.search.length > 1 ? [...url.searchParams.keys()].join(' ') : ''}`
  if (calendarWords.test(words)) return 'calendar'
  return datedWords.test(words) ? 'dated' : undefined
}

/** Whether the URL's year lies beyond what its kind of page may show. */
export function isTooFar(url: URL, kind: CalendarKind, limits: CalendarLimits): boolean {
  const year = yearOf(url, kind)
  // What is no plausible year is a number: an item's id, a room.
  if (year === undefined || year < 1000 || year > 2200) return false
  return year > limits.to || (kind === 'calendar' && year < limits.from)
}

/** Bounded by anything that is no letter, so that `calendario` is a word and `scale` is none. */
const calendarWords =
  /(?<![a-z])(cal|calendars?|calendario|calendrier|kalender|calendarview|eventcalendar|agenda|schedule)(?![a-z])/i
const datedWords =
  /(?<![a-z])(date|day|month|week|ym|events?|eventos|evenements|termine|veranstaltungen)(?![a-z])/i
const dateKey = /^(date|day|month|year|week|ym|yr|y|from|start|begin|tribe-bar-date|mini|cal.*)$/i
/** A bare number is a year under these only: `start=2040` skips 2,040 entries. */
const yearKey = /^(year|yr|y)$/i
const monthLike = /^(0?[1-9]|1[0-2]|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)$/i

function yearOf(url: URL, kind: CalendarKind): number | undefined {
  if (url.search.length > 1) {
    for (const [name, value] of url.searchParams) {
      if (!dateKey.test(name)) continue
      const year =
        yearOfDate(value) ?? (yearKey.test(name) && /^\d{4}$/.test(value) ? Number(value) : undefined)
      if (year !== undefined) return year
    }
  }
  const segments = url.pathname.split('/')
  for (let at = 1; at < segments.length; at++) {
    const segment = segments[at]!
    const year = yearOfDate(segment)
    if (year !== undefined) return year
    if (!/^\d{4}$/.test(segment)) continue
    if (monthLike.test(segments[at + 1] ?? '')) return Number(segment)
    if (kind === 'calendar' && calendarWords.test(segments[at - 1]!)) return Number(segment)
  }
  return undefined
}

/** 2031-05, 2031-05-12T…, 20310512, 05-2031, 12.05.2031, seconds since 1970. */
function yearOfDate(text: string): number | undefined {
  const found =
    /^(\d{4})[-_.](?:0?[1-9]|1[0-2])(?:[-_.T]|$)/.exec(text) ??
    /^(\d{4})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.exec(text) ??
    /^(?:\d{1,2}[-_./]){1,2}(\d{4})$/.exec(text)
  if (found) return Number(found[1])
  if (/^\d{10}$/.test(text)) return new Date(Number(text) * 1_000).getUTCFullYear()
  return undefined
}
