import { registerHooks } from 'node:module'
import { type FunctionPlace, instrument, probe } from './instrument.ts'

/** The first call of a function. */
export interface Call {
  readonly place: FunctionPlace
  /** The other file that called, directly or through a library; undefined for what a timer or a socket called. */
  readonly caller: string | undefined
}

/**
 * Makes every module of `src/` and `machines/` that is loaded from now on tell which of its functions run, and who calls
 * them. A profile of V8 knows that a function ran, but not which came first.
 */
export class Footprints {
  readonly #places: FunctionPlace[] = []
  /** In the order of the first call. */
  readonly #calls = new Map<number, Call>()
  readonly #root: URL
  #isRecording = false

  constructor(root: URL) {
    this.#root = root
    Object.assign(globalThis, {
      [probe]: (number: number, value?: unknown) => {
        if (this.#isRecording && !this.#calls.has(number)) this.#note(number)
        return value
      },
    })
    registerHooks({
      load: (url, context, nextLoad) => {
        const loaded = nextLoad(url, context)
        const file = this.#fileOf(url)
        if (file === undefined || !loaded.source) return loaded
        const code = loaded.source.toString()
        return { ...loaded, source: instrument(file, code, (place) => this.#places.push(place) - 1) }
      },
    })
  }

  begin(): void {
    Error.stackTraceLimit = 100
    this.#calls.clear()
    this.#isRecording = true
  }

  end(): Call[] {
    this.#isRecording = false
    return [...this.#calls.values()]
  }

  #note(number: number): void {
    const place = this.#places[number]!
    const files = new Error()
      .stack!.split('\n')
      .map((frame) => this.#fileOf(frame.match(/file:[^)]+?(?=:\d+:\d+)/)?.[0]))
    // What stands on the ground floor is passed over: the wheel that called back, a heap.
    const caller = files.find((file) => file !== undefined && file !== place.file && isOnTheWay(file))
    this.#calls.set(number, { place, caller })
  }

  #fileOf(url: string | undefined): string | undefined {
    const file = url?.startsWith(this.#root.href) ? url.slice(this.#root.href.length) : ''
    return /^(src|machines)\//.test(file) ? file : undefined
  }
}

/** Contracts and the ground floor are left out of the walk. */
export function isOnTheWay(file: string): boolean {
  return !/^src\/(contracts|base)\//.test(file)
}
