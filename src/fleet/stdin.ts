import { RegattaError } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import { parseList } from './list.ts'
import type { ParseDefaults } from './parse-proxy.ts'

/**
 * Proxies from a pipe: `generate-proxies | regatta crawl … --proxies -`. A stream can be read once, so the list is
 * kept, and every load returns it. The stream must end; loading waits for that, or for the signal.
 */
export function stdinProvider(
  stream: AsyncIterable<string | Uint8Array>,
  options: { readonly defaults?: ParseDefaults } = {},
): ProxyProvider {
  let reading: Promise<ProxyList> | undefined
  return {
    name: 'stdin',
    trusted: true,
    async load(signal) {
      signal.throwIfAborted()
      reading ??= readText(stream).then((text) => parseList(text, { ...options, trusted: true }))
      const aborted = Promise.withResolvers<never>()
      const abort = () => aborted.reject(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      try {
        return await Promise.race([reading, aborted.promise])
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
  }
}

async function readText(stream: AsyncIterable<string | Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of stream) {
      text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    }
  } catch (cause) {
    throw new RegattaError(
      'PROXY_LIST_UNREADABLE',
      'The proxy list on stdin broke off. Give a file instead.',
      {
        value: { list: 'stdin' },
        cause,
      },
    )
  }
  return text + decoder.decode()
}
