import { expect, test } from 'vitest'
import type { Exchange, Fault, HttpResponse } from '../../src/contracts/outcome.ts'
import type { RecordedExchange } from '../../src/contracts/recording.ts'
import type { Transport, TransportCall } from '../../src/contracts/transport.ts'
import { recordTo } from '../../src/har/record-to.ts'
import { createReplay } from '../../src/har/replay.ts'
import { transportContract } from '../contracts/transport.ts'
import { responseOf } from '../source/fixtures.ts'
import { archiveOf, entryOf } from './entries.ts'

const proxy = { id: 'direct', protocol: 'direct' } as TransportCall['proxy']
const request = { url: 'https://shop.example/', method: 'GET', headers: {}, idempotent: true } as const

/** A transport that brings this. */
function bringing(exchange: Exchange): Transport {
  return {
    send(call) {
      queueMicrotask(() => call.deliver(exchange))
      return { cancel: () => {} }
    },
    forget: () => {},
    close: async () => {},
  }
}

async function recordingOf(exchange: Exchange, more: Partial<TransportCall> = {}) {
  const kept: RecordedExchange[] = []
  const transport = recordTo(bringing(exchange), (each) => kept.push(each), { clock: { wall: () => 1_000 } })
  const delivered = await new Promise<Exchange>((deliver) => {
    transport.send({ request, proxy, ...more, deliver })
  })
  expect(delivered).toBe(exchange)
  return kept
}

const fault: Fault = {
  kind: 'fault',
  phase: 'dial',
  cause: 'dial-refused',
  detail: 'nobody listens',
  connectMs: 1,
  firstByteMs: undefined,
  totalMs: 5,
  bytes: 0,
  reused: false,
  verified: false,
}

transportContract('a recording transport', async () => ({
  transport: recordTo(createReplay([archiveOf(entryOf())]), () => {}),
  request,
  proxy,
  phases: [],
  held: () => 0,
}))

test('an answer is kept as it came, with what was sent for it', async () => {
  const response: HttpResponse = {
    ...responseOf(request.url, { body: Buffer.from('page') }),
    headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' },
    statusText: 'OK',
    firstByteMs: 3,
    totalMs: 4,
  }
  const cookies = { headerFor: () => 'sid=1', take: () => {} } as never
  expect(await recordingOf(response, { cookies })).toEqual([
    {
      method: 'GET',
      url: request.url,
      requestHeaders: { cookie: 'sid=1' },
      status: 200,
      statusText: 'OK',
      headers: response.headers,
      body: response.body,
      startedAt: 1_000,
      timing: { firstByteMs: 3, totalMs: 4 },
    },
  ])
})

test('a failure is kept with its words, and what was cancelled is not', async () => {
  expect(await recordingOf(fault)).toMatchObject([{ status: 0, error: 'dial-refused: nobody listens' }])
  expect(await recordingOf({ ...fault, phase: 'local', cause: 'cancelled' })).toEqual([])
})

test('a body that went to a file is kept whole, and one above 64 MiB or gone is named by its size', async () => {
  const whole = Buffer.from('a long page')
  const file = { size: whole.length, readSync: () => whole } as HttpResponse['file'] & object
  const response = { ...responseOf(request.url, { body: whole.subarray(0, 3) }), file }
  expect((await recordingOf(response))[0]!.body).toEqual(whole)
  const large = { ...response, file: { ...file, size: 65 * 1024 * 1024 } as typeof file }
  expect((await recordingOf(large))[0]).toMatchObject({ omittedBytes: 65 * 1024 * 1024 })
  const gone = {
    ...file,
    readSync: () => {
      throw new Error('ENOENT')
    },
  } as typeof file
  expect((await recordingOf({ ...response, file: gone }))[0]).toMatchObject({ omittedBytes: whole.length })
})
