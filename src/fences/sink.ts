import { RegattaError } from '../contracts/errors.ts'
import type { Sink, SinkRecord } from '../contracts/sink.ts'
import { sinkFailed } from '../sink/sink-failure.ts'

/**
 * Whatever a sink throws becomes SINK_FAILED with its name. An error of the system may pass and is tried again; anything
 * else is a fault of the sink's own code, and comes again each time.
 */
export function fenceSink(own: Sink): Sink {
  const { name } = own
  const guard = async <T>(step: () => T | Promise<T>): Promise<T> => {
    try {
      return await step()
    } catch (error) {
      if (error instanceof RegattaError) throw error
      const isSystems = error instanceof Error && 'code' in error
      throw sinkFailed(name, error, isSystems ? {} : { isPermanent: true })
    }
  }
  return {
    name,
    ...(own.isOneByOne !== undefined && { isOneByOne: own.isOneByOne }),
    ...(own.kind !== undefined && { kind: own.kind }),
    ...(own.itemKind !== undefined && { itemKind: own.itemKind }),
    ...(own.forKinds && { forKinds: (kinds) => own.forKinds!(kinds).map(fenceSink) }),
    open: () => guard(() => own.open()),
    ...(own.takesBack !== undefined && { takesBack: own.takesBack }),
    write: (batch, takenBack) => guard(() => own.write(batch, takenBack)),
    ...(own.place && { place: (batch) => guard(() => placeOf(own, batch)) }),
    ...(own.complete && { complete: (batch, place) => guard(() => own.complete!(batch, place)) }),
    ...(own.trace && { trace: (record) => traceOf(own, record) }),
    ...(own.takeBack && { takeBack: (batch) => guard(() => own.takeBack!(batch)) }),
    close: () => guard(() => own.close()),
  }
}

/** A sink that cannot say it finds the record by its digest, or not at all. */
function traceOf(own: Sink, record: SinkRecord): string {
  try {
    return String(own.trace!(record))
  } catch {
    return ''
  }
}

async function placeOf(own: Sink, batch?: readonly SinkRecord[]): Promise<number> {
  const place: unknown = await own.place!(batch)
  if (typeof place === 'number' && Number.isFinite(place)) return place
  throw new TypeError('its place() does not return a number')
}
