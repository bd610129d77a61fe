import type { Scenario } from '../scenario.ts'

/** Twenty clean SOCKS5 proxies before one origin: what a crawler costs when nothing goes wrong. Ask for /bytes/2048. */
export const clean20: Scenario = {
  name: 'clean-20',
  seed: 20,
  origins: { site: {} },
  proxies: [{ name: 'clean', count: 20 }],
  bookRows: 1_000,
}
