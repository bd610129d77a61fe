import { Buffer } from 'node:buffer'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import type { ParseDefaults } from './parse-proxy.ts'
import { readList } from './read-list.ts'

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
      reading ??= readBytes(stream).then((bytes) => listOf(bytes, options.defaults))
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

function listOf(bytes: Uint8Array, defaults: ParseDefaults | undefined): ProxyList {
  const list = readList(bytes, { trusted: true, ...(defaults && { defaults }) })
  if (typeof list !== 'string') return list
  throw new RegattaError('PROXY_LIST_UNREADABLE', `The proxy list on stdin cannot be read: ${list}.`, {
    value: { list: 'stdin' },
  })
}

async function readBytes(stream: AsyncIterable<string | Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of stream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  } catch (cause) {
    throw new RegattaError(
      'PROXY_LIST_UNREADABLE',
      'The proxy list on stdin broke off. Give a file instead.',
      { value: { list: 'stdin' }, cause },
    )
  }
  return Buffer.concat(chunks)
}
