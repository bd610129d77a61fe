import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProxyEndpoint } from '../../src/contracts/endpoint.ts'
import type { Exchange, Phase } from '../../src/contracts/outcome.ts'
import type { FetchRequest } from '../../src/contracts/request.ts'
import type { Transport, TransportHandle } from '../../src/contracts/transport.ts'

/** What a transport brings along to be held to its contract. */
export interface TransportHarness {
  readonly transport: Transport
  /** A request that succeeds after passing through every phase of `phases`. */
  readonly request: FetchRequest
  readonly proxy: ProxyEndpoint
  /** The phases of `request` on a fresh connection, in order. */
  readonly phases: readonly Phase[]
  /** A request that gets no answer until it is cancelled or times out; undefined where each has one at once. */
  readonly hanging?: FetchRequest
  /** Sockets and timers that the transport holds now, idle connections left out. */
  held(): number
  /** Connections that wait for their next request; undefined where there are none. */
  idle?: () => number
}

/** Every Transport runs this. */
export function transportContract(name: string, open: () => Promise<TransportHarness>): void {
  describe(`${name} keeps the contract of a transport`, () => {
    test('an exchange is delivered once, after send has returned', async () => {
      const harness = await open()
      const call = start(harness)
      expect(call.deliveries).toHaveLength(0)
      const result = await call.delivered
      expect(result.kind).toBe('response')
      await nothingMore()
      expect(call.deliveries).toHaveLength(1)
      expect(harness.held()).toBe(0)
    })

    test('phases are told in order', async () => {
      const harness = await open()
      const call = start(harness)
      await call.delivered
      expect(call.phases).toEqual(harness.phases)
    })

    test('a cancel in any phase is delivered once and leaves nothing behind', async () => {
      for (const phase of (await open()).phases) {
        const harness = await open()
        const call = start(harness, { cancelIn: phase })
        const result = await call.delivered
        expect(result, phase).toMatchObject({ kind: 'fault', phase: 'local', cause: 'cancelled' })
        expect(harness.held(), phase).toBe(0)
        const told = [...call.phases]
        expect(told, phase).toContain(phase)
        await nothingMore()
        expect(call.deliveries, phase).toHaveLength(1)
        expect(call.phases, phase).toEqual(told)
      }
    })

    test('a cancel right after send is delivered later, and once', async () => {
      const harness = await open()
      const call = start(harness)
      call.handle.cancel()
      call.handle.cancel()
      expect(call.deliveries).toHaveLength(0)
      expect(await call.delivered).toMatchObject({ cause: 'cancelled' })
      expect(harness.held()).toBe(0)
    })

    test('a cancel after the end changes nothing', async () => {
      const harness = await open()
      const call = start(harness)
      const result = await call.delivered
      call.handle.cancel()
      await nothingMore()
      expect(call.deliveries).toEqual([result])
    })

    test('a request that makes no sense is delivered as a fault, not thrown', async () => {
      const harness = await open()
      const call = start({ ...harness, request: { ...harness.request, url: 'gopher://nowhere' } })
      expect(call.deliveries).toHaveLength(0)
      expect((await call.delivered).kind).toBe('fault')
      expect(harness.held()).toBe(0)
    })

    test('a forgotten proxy keeps no connection, and what runs on it finishes', async () => {
      const harness = await open()
      await start(harness).delivered
      if (harness.idle) expect(harness.idle()).toBeGreaterThan(0)
      harness.transport.forget(harness.proxy.id)
      expect(idleOf(harness)).toBe(0)
      const call = start(harness)
      harness.transport.forget(harness.proxy.id)
      expect((await call.delivered).kind).toBe('response')
      expect(idleOf(harness)).toBe(0)
    })

    test('close delivers what still runs as cancelled, and later calls too', async () => {
      const harness = await open()
      await start(harness).delivered
      const calls = [start(harness), start({ ...harness, request: hangingOf(harness) })]
      await harness.transport.close()
      const late = start(harness)
      for (const call of [...calls, late]) expect(await call.delivered).toMatchObject({ cause: 'cancelled' })
      expect([harness.held(), idleOf(harness)]).toEqual([0, 0])
    })

    test('whatever is sent and cancelled in whatever order, each call is delivered once', async () => {
      const harness = await open()
      const step = fc.record({ hangs: fc.boolean(), cancelAfter: fc.integer({ min: 0, max: 30 }) })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const calls = steps.map(({ hangs, cancelAfter }) => {
            const call = start(hangs ? { ...harness, request: hangingOf(harness) } : harness)
            const cancelled = turns(cancelAfter).then(() => call.handle.cancel())
            return { call, cancelled }
          })
          for (const { call, cancelled } of calls) await Promise.all([call.delivered, cancelled])
          await nothingMore()
          for (const { call } of calls) expect(call.deliveries).toHaveLength(1)
          expect(harness.held()).toBe(0)
        }),
        { numRuns: 15 },
      )
    })
  })
}

function hangingOf({ hanging, request }: TransportHarness): FetchRequest {
  return hanging ?? request
}

function idleOf({ idle }: TransportHarness): number {
  return idle?.() ?? 0
}

interface Started {
  readonly handle: TransportHandle
  readonly phases: Phase[]
  readonly deliveries: Exchange[]
  readonly delivered: Promise<Exchange>
}

function start(harness: TransportHarness, { cancelIn }: { cancelIn?: Phase } = {}): Started {
  const phases: Phase[] = []
  const deliveries: Exchange[] = []
  const { promise, resolve } = Promise.withResolvers<Exchange>()
  const handle = harness.transport.send({
    request: harness.request,
    proxy: harness.proxy,
    onPhase(phase) {
      phases.push(phase)
      // The first phase may be told before `send` has returned.
      if (phase === cancelIn) Promise.resolve().then(() => handle.cancel())
    },
    deliver(exchange) {
      deliveries.push(exchange)
      resolve(exchange)
    },
  })
  return { handle, phases, deliveries, delivered: promise }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Long enough for whatever was already on its way. */
function nothingMore(): Promise<void> {
  return turns(20)
}
