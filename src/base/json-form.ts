/**
 * What a value becomes where it is written as JSON. JSON.stringify alone throws at a bigint and makes `{}` of a Map, so
 * that what was in it is gone without a word. Here a value is either kept by a rule or refused with a reason:
 *
 * - a date is ISO 8601, an invalid one null; a bigint is its digits as a text; NaN and the infinities are null
 * - a Map is an object, or a list of pairs where its keys are no texts; a Set is a list; bytes are base64
 * - a key without a value is left out; in a list it is null; half a surrogate pair is U+FFFD
 * - what has a toJSON, such as a URL, is what that says; an Error is its name and message
 * - refused: a function, a symbol, a promise, what holds itself, what is nested too deeply or is too large
 */
export class NoJsonForm extends Error {
  override readonly name = 'NoJsonForm'
}

const deepest = 500
const mostValues = 1_000_000

/** The value itself where nothing of it must be changed. Throws NoJsonForm, naming what in it cannot be written. */
export function jsonForm(value: unknown): unknown {
  return new Walk((why) => {
    throw new NoJsonForm(why)
  }).form(value)
}

/** The same as text. */
export function jsonText(value: unknown): string {
  return JSON.stringify(jsonForm(value)) ?? 'null'
}

/** For people to look at: what cannot be written is told in its place, and what is longer than `most` characters is cut. */
export function shownForm(value: unknown, most = 65_536): unknown {
  const form = new Walk((why) => `[${why}]`).form(value)
  const text = JSON.stringify(form) ?? 'null'
  return text.length > most ? `${text.slice(0, most)}…` : (form ?? null)
}

class Walk {
  readonly #refuse: (why: string) => unknown
  readonly #path: PropertyKey[] = []
  readonly #within = new Set<object>()
  #values = 0

  constructor(refuse: (why: string) => unknown) {
    this.#refuse = refuse
  }

  form(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return value.isWellFormed() ? value : value.toWellFormed()
      case 'number':
        return Number.isFinite(value) ? value : null
      case 'bigint':
        return String(value)
      case 'function':
        return this.#no('is a function')
      case 'symbol':
        return this.#no('is a symbol')
      case 'object':
        return value === null ? null : this.#guarded(value)
      default:
        return value
    }
  }

  #guarded(value: object): unknown {
    if (this.#within.has(value)) return this.#no('holds itself')
    if (this.#within.size >= deepest) return this.#no(`is nested more than ${deepest} deep`)
    if (++this.#values > mostValues) return this.#no('holds more than a million values')
    this.#within.add(value)
    try {
      return this.#object(value)
    } catch (error) {
      if (error instanceof NoJsonForm) throw error
      // A getter or a toJSON of the user's.
      return this.#no(`cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      this.#within.delete(value)
    }
  }

  #object(value: object): unknown {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64')
    if (ArrayBuffer.isView(value)) {
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.form(value.toJSON())
    if (Array.isArray(value)) return this.#list(value)
    if (value instanceof Set) return this.#list([...value])
    if (value instanceof Map) return this.#map(value)
    if (value instanceof RegExp) return String(value)
    if (value instanceof Error) return { name: value.name, message: value.message }
    if (value instanceof String || value instanceof Number || value instanceof Boolean) return value.valueOf()
    if ('then' in value && typeof value.then === 'function') return this.#no('is a promise: await it')
    return this.#keys(value as Record<string, unknown>)
  }

  #list(list: readonly unknown[]): readonly unknown[] {
    let changed: unknown[] | undefined
    for (let at = 0; at < list.length; at++) {
      const form = this.#at(at, list[at])
      if (form !== list[at]) changed ??= [...list]
      if (changed) changed[at] = form
    }
    return changed ?? list
  }

  #map(map: ReadonlyMap<unknown, unknown>): unknown {
    const keys = [...map.keys()]
    const isKeyed = keys.every((key) => typeof key === 'string' || typeof key === 'number')
    return isKeyed ? this.#keys(Object.fromEntries(map)) : this.#list([...map])
  }

  #keys(value: Readonly<Record<string, unknown>>): unknown {
    let changed: [string, unknown][] | undefined
    const names = Object.keys(value)
    for (const [at, name] of names.entries()) {
      const before = value[name]
      const form = this.#at(name, before)
      if (form !== before) changed ??= names.slice(0, at).map((each) => [each, value[each]])
      changed?.push([name, form])
    }
    // Each becomes a property of its own, one that is called __proto__ too.
    return changed ? Object.fromEntries(changed) : value
  }

  #at(key: PropertyKey, value: unknown): unknown {
    this.#path.push(key)
    const form = this.form(value)
    this.#path.pop()
    return form
  }

  #no(what: string): unknown {
    const path = this.#path.map(String).join('.')
    return this.#refuse(path === '' ? `it ${what}` : `"${path}" ${what}`)
  }
}
