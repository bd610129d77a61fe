import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a new user meets, on this machine: sites, closed ports and proxies that end with the situation. */
export class World implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()
  #closed = 0

  /** A site; its URL ends with a slash. */
  async site(serve: RequestListener): Promise<string> {
    const server = createServer(serve)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#stack.defer(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  /** A port on which nothing listens: one of the lowest, which no server is given by chance. */
  closedPort(): number {
    return ++this.#closed
  }

  use<Part extends AsyncDisposable>(part: Part): Part {
    return this.#stack.use(part)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

/** Pages that link to each other; robots.txt as said, else there is none. */
export function pages(count: number, options: { robots?: string; delayMs?: number } = {}): RequestListener {
  return (request, response) => {
    if (request.url === '/robots.txt') {
      response.writeHead(options.robots === undefined ? 404 : 200, { 'content-type': 'text/plain' })
      response.end(options.robots ?? 'none')
      return
    }
    const number = Number(request.url!.slice(1) || 0)
    const links = [number * 2 + 1, number * 2 + 2].filter((each) => each < count)
    const body = `<!doctype html><html><head><title>Page ${number}</title></head><body><h1>Page ${number}</h1><p>Words of page ${number}.</p>${links
      .map((each) => `<a href="/${each}">page ${each}</a>`)
      .join('')}</body></html>`
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      response.end(body)
    }, options.delayMs ?? 0)
  }
}
