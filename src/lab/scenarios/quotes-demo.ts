import type { Scenario } from '../scenario.ts'
import { demo } from './demo.ts'

/** For a first source: a site of a hundred quotes, behind the fleet of the demo. */
export const quotes: Scenario = {
  name: 'quotes',
  seed: 7,
  origins: { site: { host: 'quotes.lab', latency: 15, emulates: 'quotes' } },
  proxies: demo.proxies,
}
