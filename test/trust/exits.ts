import type { IncomingMessage, ServerResponse } from 'node:http'
import { startOrigin } from '../transport/world.ts'

/** What reached an exit. */
export interface Request {
  readonly exit: number
  readonly path: string
  readonly method: string
  readonly headers: IncomingMessage['headers']
}

export interface Exits {
  readonly proxies: readonly string[]
  readonly asked: Request[]
}

/** Small HTTP proxies that answer themselves for whatever host they are asked for, each in its own way: exits count from 1. */
export async function startExits(
  count: number,
  answer: (request: Request, response: ServerResponse) => void,
): Promise<Exits> {
  const asked: Request[] = []
  const proxies: string[] = []
  for (let exit = 1; exit <= count; exit++) {
    const { port } = await startOrigin(({ url = '', method = '', headers }, response) => {
      const { pathname, search } = new URL(url, 'http://site.test')
      if (pathname === '/robots.txt') return void response.writeHead(404).end()
      const request = { exit, path: pathname + search, method, headers }
      asked.push(request)
      answer(request, response)
    })
    proxies.push(`http://127.0.0.1:${port}`)
  }
  return { proxies, asked }
}

export function pageOf(path: string): string {
  return `<html><head><title>Page ${path}</title></head><body><h1>${path}</h1><p>All there is to know of ${path}.</p></body></html>`
}

export function sendPage(path: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(pageOf(path))
}
