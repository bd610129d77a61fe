import { spawn } from 'node:child_process'
import { platform } from 'node:os'

/** Shows an address in the user's browser. Where none can be opened nothing happens: the address is printed anyway. */
export function openInBrowser(url: string): void {
  const [command, ...given] = openers[platform()] ?? ['xdg-open']
  const child = spawn(command, [...given, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

const openers: Partial<Record<ReturnType<typeof platform>, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  // Not through a shell: the address is one argument, whatever stands in it.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}
