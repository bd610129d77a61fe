import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * A real server as a child process in the foreground, started with its own files on its own port, and ended by its own
 * process id. It can be killed like a machine that lost its power, and started again as it was.
 */
export class Server implements AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly #command: readonly [string, ...string[]]
  #child: ChildProcess | undefined
  #said = ''

  constructor(name: string, port: number, command: readonly [string, ...string[]]) {
    this.name = name
    this.port = port
    this.#command = command
  }

  /** Resolves when the port takes connections; throws with what the server said when it ends before that. */
  async start(): Promise<this> {
    const [program, ...rest] = this.#command
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        this.#said = (this.#said + chunk).slice(-2_000)
      })
    await once(child, 'spawn')
    const deadline = Date.now() + 20_000
    while (!(await isOpen(this.port))) {
      if (hasEnded(child) || Date.now() > deadline) {
        await this.kill()
        throw new Error(
          `${this.name} (${program}) does not listen on port ${this.port}: ${this.#said.trim()}`,
        )
      }
      await delay(20)
    }
    return this
  }

  /** At once, without a farewell: connections are cut. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Politely, so that its helpers end too; not so politely after a while. */
  async [Symbol.asyncDispose](): Promise<void> {
    const impatience = setTimeout(() => this.#child?.kill('SIGKILL'), 3_000)
    await this.#end('SIGTERM')
    clearTimeout(impatience)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: count }, async () => {
      const listener = createServer().listen(0, '127.0.0.1')
      await once(listener, 'listening')
      return listener
    }),
  )
  const ports = listeners.map((listener) => (listener.address() as { port: number }).port)
  for (const listener of listeners) listener.close()
  return ports
}
