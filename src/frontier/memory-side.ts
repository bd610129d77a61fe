import type { SideStore } from '../contracts/frontier.ts'

/** Values are copied on the way in and out, as a file would do, so that nobody shares bytes by accident. */
export function createMemorySideStore(): SideStore {
  const values = new Map<string, Uint8Array>()
  return {
    async put(key, value) {
      values.set(key, value.slice())
    },
    async get(key) {
      return values.get(key)?.slice()
    },
    async *scan(prefix) {
      const keys = [...values.keys()].filter((key) => key.startsWith(prefix)).sort()
      for (const key of keys) {
        const value = values.get(key)
        if (value) yield [key, value.slice()] as const
      }
    },
  }
}
