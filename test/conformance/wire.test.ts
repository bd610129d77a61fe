import { direct, exchange, get, makeTransport, startRaw } from '../transport/world.ts'
import { checkStandard } from './check.ts'
import { standard, type WireInput } from './wire.cases.ts'

checkStandard(standard, async ({ send, then, method }: WireInput) => {
  const origin = await startRaw((socket) => {
    socket.once('data', () => {
      socket.write(send, 'latin1')
      if (then === undefined) socket.end()
    })
  })
  const request = get(`http://127.0.0.1:${origin.port}/`, method && { method })
  const answer = await exchange(makeTransport({ timeouts: { firstByte: 500, idle: 500 } }), direct, request)
  return answer.kind === 'fault' ? answer.cause : `${answer.status} ${Buffer.from(answer.body)}`
})
