import { createServer } from 'node:net'
import { createWebSocketReceiver } from '@statelyai/inspect'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startLab } from '../../src/lab/lab.ts'
import { listen } from '../transport/world.ts'
import { createTerminal } from './terminal.ts'

/** `regatta crawl --inspect`, as it is typed. */
it('says where inspectors connect, shows them the crawl from its beginning, and ends with it', async () => {
  await using lab = await startLab({ origins: { site: { site: { pages: 12 }, latency: 30 } } })
  const { stderr: screen, run } = createTerminal()
  const ended = run(
    'crawl',
    lab.origins.site!.direct,
    '--direct',
    '--no-state',
    '--no-politeness',
    '--quiet',
    '--inspect',
  )
  const socket = await vi.waitFor(() => {
    const [, found] = /^Inspectors connect to (ws:\S+)$/m.exec(screen()) ?? []
    expect(found).toBeDefined()
    return found!
  }, 20_000)
  expect(screen()).toContain("Stately's page, which is loaded from the internet")
  const seen: string[] = []
  const { unsubscribe } = createWebSocketReceiver({ server: socket }).subscribe(({ type, sessionId }) => {
    seen.push(`${type} ${sessionId}`)
  })
  onTestFinished(unsubscribe)
  expect(await ended).toBe(0)
  await vi.waitFor(() => expect(seen.at(-1)).toBe('@xstate.snapshot crawler'))
  expect(seen[0]).toBe('@xstate.actor crawler')
  expect(seen.some((each) => each.startsWith('@xstate.actor crawler/router/127.0.0.1'))).toBe(true)
  await expect(fetch(socket.replace('ws:', 'http:'))).rejects.toThrow()
})

it('refuses a port that is none, and one that is taken, before anything is fetched', async () => {
  const { port } = await listen(createServer())
  for (const [given, sentence] of [
    ['--inspect=http', 'Expected a port from 0 to 65535'],
    [`--inspect=${port}`, `--inspect: port ${port} is taken by another program.`],
  ] as const) {
    const { stderr: screen, run } = createTerminal()
    expect(await run('crawl', 'http://127.0.0.1:1/', '--direct', '--no-state', given)).toBe(2)
    expect(screen()).toContain(sentence)
    expect(screen()).not.toContain('dial')
  }
})

it('a wrong port of another flag is not told how to write this one', async () => {
  const { stderr: screen, run } = createTerminal()
  const words = ['crawl', 'http://127.0.0.1:1/', '--direct', '--dashboard', '--dashboard-port', '99999']
  expect(await run(...words)).toBe(2)
  expect(screen()).toContain(
    "'--dashboard-port <port>' argument '99999' is invalid. Expected a port from 0 to 65535.",
  )
  expect(screen()).not.toContain('--inspect')
})
