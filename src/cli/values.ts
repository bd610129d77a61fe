import { InvalidArgumentError } from 'commander'
import { parseDuration as readDuration } from '../base/duration.ts'
import { messageOf } from '../contracts/errors.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import { readFilter } from '../options/filter-text.ts'

/**
 * Readers for values on the command line. Each takes the text, returns the value, and refuses with a sentence that says
 * what it expected; commander puts the option's name in front.
 */

/** `500ms`, `30s`, `1h30m` → milliseconds. A number without a unit is refused: it would be read both ways. */
export function parseDuration(text: string): number {
  const value = readDuration(text) ?? 0
  if (value > 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError('Expected a duration such as 500ms, 30s or 5m.')
}

/** The same, and `0` for none. */
export function parsePause(text: string): number {
  return /^0(ms|s)?$/.test(text.trim()) ? 0 : parseDuration(text)
}

/** `2`, `2/s`, `30/m`, `100/h` → requests a second. */
export function parseRate(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/([a-z]+))?$/i.exec(text.trim()) ?? []
  const rate = (Number(number) * 1_000) / (readDuration(`1${unit}`) ?? Number.NaN)
  // Slower than one an hour is no interval of politeness.
  if (rate >= 1 / 3_600) return rate
  throw new InvalidArgumentError(
    'Expected requests a second, a minute or an hour, such as 2/s, 30/m or 100/h.',
  )
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  return wholeNumber(text, 1, Number.MAX_SAFE_INTEGER)
}

/** 0–65535. */
export function parsePort(text: string): number {
  return portOf(text, '')
}

/** Of a flag that may stand without one: what follows it may have been meant for something else. */
export function parseInspectPort(text: string): number {
  return portOf(text, ', such as --inspect=9230. Without one, put --inspect at the end')
}

function portOf(text: string, hint: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError(`Expected a port from 0 to 65535${hint}.`)
}

/** An address to listen on. */
export interface Address {
  /** Default: this machine alone. */
  readonly host?: string
  readonly port: number
}

/** `9464`, `0.0.0.0:9464`, `[::]:9464`. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits = ''] =
    /^(?:(?:\[([\da-f:.]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/i.exec(text.trim()) ?? []
  const host = bracketed ?? plain
  if (digits !== '' && Number(digits) <= 65_535)
    return { ...(host !== undefined && { host }), port: Number(digits) }
  throw new InvalidArgumentError(
    'Expected a port such as 9464, or an address and a port such as 0.0.0.0:9464.',
  )
}

/** A whole number from 0. */
export function parseDepth(text: string): number {
  return wholeNumber(text, 0, Number.MAX_SAFE_INTEGER)
}

/** A whole number in [0, 2³²). */
export function parseSeed(text: string): number {
  return wholeNumber(text, 0, 0xffff_ffff)
}

/** Collects `k=v`; the value may be empty and may hold `=`. */
export function collectParam(text: string, previous: readonly Pair[] = []): readonly Pair[] {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('Expected name=value.')
  return [...previous, [text.slice(0, at).trim(), text.slice(at + 1)]]
}

export type Pair = readonly [name: string, value: string]

/** Collects `Name=value` or `Name: value`, whichever sign comes first; names become lower case. */
export function collectHeader(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.search(/[=:]/)
  const name = text.slice(0, at).trim().toLowerCase()
  if (at <= 0 || !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) {
    throw new InvalidArgumentError('Expected name=value or "name: value".')
  }
  return { ...previous, [name]: text.slice(at + 1).trim() }
}

export function collectText(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text]
}

/** Collects `country=US`, `country=US|CA,class=residential`, `price<=3`: what is named again widens the choice. */
export function collectFilter(text: string, previous: ProxyFilter = {}): ProxyFilter {
  try {
    return readFilter(text, previous)
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error))
  }
}

function wholeNumber(text: string, low: number, high: number): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!(value >= low && value <= high)) {
    throw new InvalidArgumentError(
      high === Number.MAX_SAFE_INTEGER
        ? `Expected a whole number from ${low}.`
        : `Expected a whole number from ${low} to ${high}.`,
    )
  }
  return value
}

const units: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** `500MB`, `1.5GB`, `2GiB`, `4096` → bytes, from 1 KiB. */
export function parseSize(text: string): number {
  const [, number, unit = 'b'] = /^(\d+(?:\.\d+)?) ?([kmgt]?i?b)?$/i.exec(text.trim()) ?? []
  const bytes = Math.floor(Number(number) * (units[unit.toLowerCase()] ?? Number.NaN))
  if (bytes >= 1_024 && Number.isSafeInteger(bytes)) return bytes
  throw new InvalidArgumentError('Expected a size from 1KiB on, such as 500MB or 2GB.')
}
