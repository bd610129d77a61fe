import { type Io, isTerminal } from './io.ts'

/** One line that counts, for commands without a crawl: redrawn on a terminal, every five seconds elsewhere. */
export function openCounter(io: Io, quiet: boolean, text: () => string): { end(): void } {
  if (quiet) return { end() {} }
  const live = isTerminal(io.stderr, io.env)
  const write = () => io.stderr.write(live ? `\r\u001b[2K${text()}` : `${text()}\n`)
  const tick = () => {
    cancel = io.clock.after(live ? 250 : 5_000, tick)
    write()
  }
  let cancel = io.clock.after(live ? 250 : 5_000, tick)
  return {
    end() {
      cancel()
      write()
      if (live) io.stderr.write('\n')
    },
  }
}
