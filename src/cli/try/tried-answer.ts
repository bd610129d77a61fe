import { type HttpCache, type KeptResponse, mayKeep } from '../../contracts/cache.ts'
import type { HttpResponse } from '../../contracts/outcome.ts'
import type { FetchRequest } from '../../contracts/request.ts'
import { readBody } from '../../contracts/response-body.ts'

/**
 * The answer of the page that is tried: it is asked for once and read as often as the source changes. Stands before the file
 * of `--cache`, which keeps it from one command to the next.
 */
export class KeptAnswer implements HttpCache {
  readonly #file: HttpCache | undefined
  readonly #wall: () => number
  #kept: KeptResponse | undefined
  /** It came out of the file. */
  isFromFile = false

  constructor(file: HttpCache | undefined, wall: () => number) {
    this.#file = file
    this.#wall = wall
  }

  /** Undefined until there is one. */
  get answer(): KeptResponse | undefined {
    return this.#kept
  }

  async get(request: FetchRequest): Promise<KeptResponse | undefined> {
    if (this.#kept) return this.#kept
    this.#kept = await this.#file?.get(request)
    this.isFromFile = this.#kept !== undefined
    return this.#kept
  }

  async put(request: FetchRequest, response: HttpResponse): Promise<void> {
    const { file, ...inMemory } = response
    const whole = file === undefined ? inMemory : { ...inMemory, body: readBody(response) }
    this.#kept = { ...whole, keptAt: this.#wall() }
    if (mayKeep(request, response)) await this.#file?.put(request, response)
  }

  /** The file stays open: it is its opener's. */
  async close(): Promise<void> {}
}
