import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { item } from '../contracts/sink.ts'

test('a reader that goes away is EPIPE, and trying again is no use', async () => {
  const reader = spawn('head', ['-n', '1'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const sink = createJsonlSink({ to: reader.stdin, name: 'stdout' })
  await sink.open()
  await sink.write([item(0)])
  await once(reader, 'exit')
  const failure = await failureOf(sink.write([item(1)]))
  expect(failure).toMatchObject({ code: 'SINK_FAILED', value: { sink: 'stdout', isPermanent: true } })
  await sink.close()
})

async function failureOf(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
