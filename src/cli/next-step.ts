import type { CrawlSummary } from '../face/crawler.ts'
import { quoted } from './paste.ts'

/** What to type or do next when pages were given up, by the reason of the first of them. */
export function nextStep(letters: CrawlSummary['deadLetters'], isDirect: boolean): string | undefined {
  const [letter] = letters
  if (letter === undefined) return undefined
  const { code, detail, url } = letter
  const step = stepFor(code, detail, isDirect)
  return step?.replace('URL', quoted(url))
}

/** An error's message, or an alert's, with the command that leads on from it. */
export function withHint(
  { code, message }: { readonly code: string; readonly message: string },
  called: string,
): string {
  return code === 'NO_PROXY_ANSWERS'
    ? `${message} See which of them live: ${called} proxies check LIST.`
    : message
}

function stepFor(code: string, detail: string, isDirect: boolean): string | undefined {
  switch (code) {
    case 'host-unreachable':
    case 'host-not-found':
      return 'See whether it is there at all: curl -I URL'
    case 'source-failed':
    case 'item-invalid':
      return 'Mend the source, then type the same command again.'
    case 'body-too-large':
      return 'Where such pages are wanted, raise maxBody (docs/options.md).'
    case 'blocked-everywhere':
      if (detail.includes('login'))
        return 'The page wants a login: give its cookie, --header cookie=…, or a session (docs/plugins.md).'
      if (detail.includes('empty-body')) return 'See what a browser is given: curl -i URL'
      return isDirect
        ? 'The site refuses this machine: go out through proxies, --proxies LIST, or say who asks, --user-agent NAME.'
        : 'The site refuses every exit: ask more slowly, --interval 5s, or say who asks, --user-agent NAME.'
    default:
      return undefined
  }
}
