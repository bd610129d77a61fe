import process from 'node:process'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Answer, LabFacts, Question } from './child.ts'
import type { Lab, OriginDown } from './contract.ts'
import { startLab } from './lab.ts'
import type { Scenario } from './scenario.ts'

/** The program that startLabProcess forks: one lab, asked over the IPC channel, gone with it. */
let lab: Lab | undefined

async function answer(method: string, values: readonly unknown[]): Promise<unknown> {
  if (method === 'start') {
    lab = await startLab(values[0] as Scenario, values[1] as { seed?: number })
    const { name, seed, origins, ca } = lab
    const proxies = lab.proxyNames().map((each) => lab!.proxy(each))
    return { name, seed, origins, ca, proxies } satisfies LabFacts
  }
  if (!lab) throw new RegattaError('STOPPED', 'The lab has not been started.')
  const [name, detail] = values as [string, unknown]
  switch (method) {
    case 'books':
      return lab.books()
    case 'kill':
      return lab.control.kill(name)
    case 'revive':
      return lab.control.revive(name)
    case 'set':
      return lab.control.set(name, detail as Record<string, unknown>)
    case 'takeDown':
      return lab.control.takeDown(name, detail as OriginDown | undefined)
    case 'bringUp':
      return lab.control.bringUp(name)
    case 'clearBooks':
      return lab.control.clearBooks()
    default:
      throw new RegattaError('INTERNAL', `A lab has no method "${method}".`)
  }
}

process.on('message', async ({ id, method, arguments: values }: Question) => {
  let reply: Answer
  try {
    reply = { id, value: await answer(method, values) }
  } catch (error) {
    const code = error instanceof RegattaError ? error.code : 'INTERNAL'
    reply = { id, error: { code, message: messageOf(error) } }
  }
  if (process.connected) process.send!(reply)
})

// Ctrl-C reaches every process of a terminal; the parent may want to drain first, and ends this one by its channel.
process.on('SIGINT', () => {})

process.on('disconnect', async () => {
  await lab?.close()
  process.exit(0)
})
