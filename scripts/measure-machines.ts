import process from 'node:process'
import { attemptLogic } from '../machines/attempt.ts'
import { proxyMachine } from '../machines/proxy.ts'
import { adopt, openHub, release } from '../src/actors/adopt.ts'
import { systemClock } from '../src/base/clock.ts'
import { beta, createRandom } from '../src/base/random.ts'
import { Timer, Wheel } from '../src/base/wheel.ts'
import { parseOptions } from '../src/options/options.ts'
import { initialBreaker } from '../src/rules/breaker.ts'

/**
 * What a machine costs, and what a number costs: the reason for the line between them that ARCHITECTURE.md draws. Run
 * with `npx node scripts/measure-machines.ts`; each figure is the median of nine rounds.
 */
const hub = openHub('costs')
const input = initialBreaker('host')
const { breaker: options } = parseOptions({})
const success = {
  type: 'succeeded',
  at: 1,
  epoch: 0,
  times: 1,
  slow: false,
  alpha: 2,
  beta: 1,
  jitter: 0.5,
  options,
} as const

function measure(what: string, times: number, work: () => void): void {
  const rounds: number[] = []
  for (let round = 0; round < 9; round++) {
    const begun = performance.now()
    for (let n = 0; n < times; n++) work()
    rounds.push(((performance.now() - begun) * 1_000) / times)
  }
  const median = rounds.sort((one, other) => one - other)[4]!
  process.stdout.write(`${what.padEnd(52)} ${median.toFixed(2).padStart(8)} µs\n`)
}

const live = adopt(hub, proxyMachine, 'live', input)
measure('an event to a live proxy machine', 20_000, () => live.send(success))
measure('adopting, starting and stopping a proxy machine', 2_000, () =>
  release(adopt(hub, proxyMachine, 'one', input)),
)

const attempt = adopt(hub, attemptLogic, 'attempt', { port: { start() {}, stop() {} } })
measure('an event to an attempt (a callback actor)', 50_000, () => attempt.send({ type: 'start' }))

const crowd = Array.from({ length: 5_000 }, (_, n) => adopt(hub, proxyMachine, `crowd ${n}`, input))
measure('adopting and stopping one beside 5,000', 2_000, () =>
  release(adopt(hub, proxyMachine, 'one', input)),
)
for (const each of crowd) release(each)

const random = createRandom(1)
measure('24 Beta draws: one pick by Thompson sampling', 5_000, () => {
  for (let n = 0; n < 24; n++) beta(random, 3, 2)
})

const wheel = new Wheel(systemClock)
const timer = new Timer(() => {})
wheel.arm(new Timer(() => {}), 1e12) // something always waits in a crawler that works
measure('arming and disarming a timer on the wheel', 100_000, () => {
  wheel.arm(timer, 1e9)
  wheel.disarm(timer)
})
measure('the same with a timer of the runtime', 20_000, () => systemClock.after(1e6, () => {})())
process.exit()
