import type { Clock } from '../base/clock.ts'
import type { HarArchive } from '../contracts/recording.ts'
import type { Transport } from '../contracts/transport.ts'
import { createReplay } from '../har/replay.ts'

/**
 * The answers of a fixture, and a list of what it lacks. Nobody records robots.txt: where it is not in the fixture, there is
 * none, and it is not missing.
 */
export interface ReplayedTransport extends Transport {
  /** What was asked for and is not in the fixture, each once: its URL, behind its method where that is not GET. */
  readonly missing: readonly string[]
  /** Requests that were sent. */
  readonly sent: number
  /** Whether this URL was asked for, in whichever way. */
  hasAsked(url: string): boolean
  /** Whether it may be in the fixture. Where it cannot be, it is missing from now on, and need not be sent. */
  mayHave(request: { readonly method: string; readonly url: string }): boolean
  /** The last one, in the same words. */
  readonly last: string | undefined
}

export function replayFixture(archive: HarArchive, clock: Clock): ReplayedTransport {
  const missing = new Set<string>()
  const asked = new Set<string>()
  const paths = new Set(archive.exchanges.map(({ url }) => pathOf(url)))
  let sent = 0
  let last: string | undefined
  const replay = createReplay([archive], {
    clock,
    onMiss: (miss) => {
      if (new URL(miss.url).pathname !== '/robots.txt') missing.add(wordsFor(miss))
    },
  })
  return {
    send(call) {
      sent++
      last = wordsFor(call.request)
      asked.add(addressOf(call.request.url))
      return replay.send(call)
    },
    forget: (id) => replay.forget(id),
    close: () => replay.close(),
    get missing() {
      return [...missing]
    },
    get sent() {
      return sent
    },
    get last() {
      return last
    },
    mayHave(request) {
      if (paths.has(pathOf(request.url))) return true
      missing.add(wordsFor(request))
      return false
    },
    hasAsked: (url) => asked.has(addressOf(url)),
  }
}

function wordsFor({ method, url }: { readonly method: string; readonly url: string }): string {
  return method === 'GET' ? addressOf(url) : `${method} ${addressOf(url)}`
}

function addressOf(url: string): string {
  return new URL(url).href.replace(/#.*$/s, '')
}

/** What every way to find a recorded request has in common. */
function pathOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replaceAll(/%[\da-f]{2}/gi, (encoded) => encoded.toUpperCase())
}
