import { describe, expect, test, vi } from 'vitest'
import type { ProxyProvider } from '../../src/contracts/provider.ts'

/** What a provider under test is opened with; each entry is a whole proxy URL with credentials. */
export interface OpenProvider extends AsyncDisposable {
  readonly provider: ProxyProvider
  /** Changes what the source holds, where that is possible while it is open. */
  replace?(entries: readonly string[]): Promise<void>
}

const entries = [
  'http://alice:s3cret-one@gate.example:8000',
  'http://alice:s3cret-two@gate.example:8000',
  'http://bob:s3cret-one@gate.example:8001',
]
const inside = 'http://mallory:s3cret-three@127.0.0.1:9000'

/** The suite that every ProxyProvider runs. `open` makes a provider whose source holds the entries. */
export function describeProvider(
  name: string,
  open: (entries: readonly string[]) => Promise<OpenProvider>,
): void {
  describe(`the contract of a proxy provider: ${name}`, () => {
    const never = new AbortController().signal
    const load = async (provider: ProxyProvider) =>
      (await provider.load(never)).proxies.map((proxy) => proxy.endpoint.id)

    test('every load returns the whole list', async () => {
      await using opened = await open(entries)
      const first = await load(opened.provider)
      expect(first).toHaveLength(3)
      expect(await load(opened.provider)).toEqual(first)
    })

    test('entries that differ only in the password are two proxies with two labels', async () => {
      await using opened = await open(entries)
      expect(new Set(await load(opened.provider)).size).toBe(3)
      const { proxies } = await opened.provider.load(never)
      expect(proxies.map((proxy) => proxy.credentials?.password).sort()).toEqual([
        's3cret-one',
        's3cret-one',
        's3cret-two',
      ])
    })

    test('an entry that comes twice is one proxy and counted', async () => {
      await using opened = await open([...entries, entries[0]!])
      const list = await opened.provider.load(never)
      expect(list.proxies).toHaveLength(3)
      expect(list.duplicates).toBe(1)
    })

    test('inside addresses are listed only by a provider that the user wrote', async () => {
      await using opened = await open([...entries, inside])
      const { provider } = opened
      const list = await provider.load(never)
      const listed = list.proxies.some((proxy) => proxy.endpoint.host === '127.0.0.1')
      expect(listed).toBe(provider.trusted)
      expect(list.rejected).toHaveLength(provider.trusted ? 0 : 1)
    })

    test('no credential is in its name, its labels or its rejections', async () => {
      await using opened = await open([...entries, inside])
      const { provider } = opened
      const list = await provider.load(never)
      const shown = JSON.stringify([
        provider.name,
        list.rejected,
        list.proxies.map((proxy) => proxy.endpoint),
      ])
      for (const word of ['s3cret', 'alice', 'bob', 'mallory']) expect(shown).not.toContain(word)
    })

    test('an aborted load comes to an end', async () => {
      await using opened = await open(entries)
      const ended = await opened.provider.load(AbortSignal.abort()).then(
        () => true,
        () => true,
      )
      expect(ended).toBe(true)
    })

    test('a watcher is told of a change, and of no more after it has stopped', async () => {
      await using opened = await open(entries)
      const { provider, replace } = opened
      if (!provider.watch || !replace) return
      await load(provider)
      const changed = vi.fn()
      const stop = provider.watch(changed)
      await replace(entries.slice(0, 2))
      await vi.waitFor(() => expect(changed).toHaveBeenCalled(), { timeout: 10_000 })
      expect(await load(provider)).toHaveLength(2)
      changed.mockClear()
      await replace(entries.slice(0, 1)) // once more: a watch must not go blind after the first change
      await vi.waitFor(() => expect(changed).toHaveBeenCalled(), { timeout: 10_000 })
      expect(await load(provider)).toHaveLength(1)
      stop()
      const calls = changed.mock.calls.length
      await replace(entries)
      expect(await load(provider)).toHaveLength(3)
      expect(changed).toHaveBeenCalledTimes(calls)
    })
  })
}
