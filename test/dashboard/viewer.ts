import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, vi } from 'vitest'
import type { ActionAnswer, Failure, StreamMessages } from '../../src/dashboard/protocol.ts'
import type { Dashboard } from '../../src/dashboard/serve-dashboard.ts'

/** The dashboard as a page sees it, over real HTTP. */
interface Asked {
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly method?: string
  readonly body?: string
}

export async function ask(
  { port, token }: Pick<Dashboard, 'port' | 'token'>,
  { path = '/', headers = {}, method = 'GET', body }: Asked = {},
) {
  const sent = { authorization: `Bearer ${token}`, ...headers }
  const asked = request({ host: '127.0.0.1', port, path, headers: sent, method, agent: false }).end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: response.statusCode!, headers: response.headers, body: await text(response) }
}

export async function get<Found>(dashboard: Pick<Dashboard, 'port' | 'token'>, path: string): Promise<Found> {
  const { status, body } = await ask(dashboard, { path })
  expect(status, `${path}: ${body}`).toBe(200)
  return JSON.parse(body) as Found
}

export async function act(
  dashboard: Pick<Dashboard, 'port' | 'token'>,
  action: object,
): Promise<{ status: number } & (ActionAnswer | Failure)> {
  const headers = { 'content-type': 'application/json' }
  const { status, body } = await ask(dashboard, {
    path: '/api/action',
    method: 'POST',
    headers,
    body: JSON.stringify(action),
  })
  return { status, ...(JSON.parse(body) as ActionAnswer | Failure) }
}

export type Heard = {
  [Kind in keyof StreamMessages]: { kind: Kind; message: StreamMessages[Kind] }
}[keyof StreamMessages]

export interface Viewer {
  readonly heard: Heard[]
  /** All messages of a kind, so far. */
  of<Kind extends keyof StreamMessages>(kind: Kind): StreamMessages[Kind][]
  /** The latest message of a kind that fits, as soon as there is one. */
  until<Kind extends keyof StreamMessages>(
    kind: Kind,
    fits?: (message: StreamMessages[Kind]) => boolean,
  ): Promise<StreamMessages[Kind]>
  readonly text: () => string
  readonly ended: Promise<void>
  leave(): void
}

/** Listens to the stream, as the page does. */
export async function watch({ port, token }: Pick<Dashboard, 'port' | 'token'>): Promise<Viewer> {
  const headers = { authorization: `Bearer ${token}` }
  const asked = request({ host: '127.0.0.1', port, path: '/api/stream', headers, agent: false }).end()
  onTestFinished(() => void asked.destroy())
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toContain('text/event-stream')
  const heard: Heard[] = []
  let all = ''
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (part: string) => {
    all += part
    const frames = (rest + part).split('\n\n')
    rest = frames.pop()!
    for (const each of frames) {
      const [, kind, data] = /^event: (\w+)\ndata: (.*)$/.exec(each)!
      heard.push({ kind, message: JSON.parse(data!) } as Heard)
    }
  })
  response.on('error', () => {})
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  response.on('close', resolve)
  const of = <Kind extends keyof StreamMessages>(kind: Kind) =>
    heard.filter((each) => each.kind === kind).map(({ message }) => message as StreamMessages[Kind])
  return {
    heard,
    of,
    until: (kind, fits = () => true) =>
      vi.waitFor(
        () => {
          const found = of(kind).findLast(fits)
          expect(found, `${kind} is still missing`).toBeDefined()
          return found!
        },
        { timeout: 10_000, interval: 20 },
      ),
    text: () => all,
    ended,
    leave: () => void asked.destroy(),
  }
}
