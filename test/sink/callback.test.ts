import { createCallbackSink } from '../../src/sink/callback.ts'
import { sinkContract } from '../contracts/sink.ts'

sinkContract('a callback', async () => {
  const values: unknown[] = []
  let left = Number.POSITIVE_INFINITY
  return {
    sink: createCallbackSink((record) => {
      if (left-- <= 0) {
        left = Number.POSITIVE_INFINITY
        throw new Error('not today')
      }
      values.push(record.value)
    }),
    read: async () => values,
    failNext: (records) => {
      left = records
    },
  }
})
