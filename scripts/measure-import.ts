import process from 'node:process'
import { importCost, loadedModules, packageOf } from './loaded-modules.ts'

/**
 * What `import 'regatta'` costs: milliseconds, of the clock and of the processor (medians of eleven fresh processes), and modules, for each entry point.
 *
 *   npm run measure:import                                from the sources, as in a checkout
 *   npm run measure:import -- ./dist/src/index.js         a file, here of the build: as in a user's project
 */
const doors = [
  'regatta',
  'regatta/source',
  'regatta/sinks',
  'regatta/observe',
  'regatta/plugins/site',
  'regatta/lab',
]
const rounds = 11

const given = process.argv
  .slice(2)
  .map((path) => (path.startsWith('.') ? new URL(`../${path}`, import.meta.url).href : path))
console.log('| import | ms | CPU ms | modules | own | of packages |\n|---|---|---|---|---|---|')
for (const door of given.length > 0 ? given : doors) {
  const costs = Array.from({ length: rounds }, () => importCost(door))
  const ms = medianOf(costs.map((cost) => cost.ms))
  const cpuMs = medianOf(costs.map((cost) => cost.cpuMs))
  const owners = Map.groupBy(loadedModules(door), (url) => packageOf(url) ?? '')
  const own = owners.get('')?.length ?? 0
  owners.delete('')
  const packages = [...owners].map(([name, urls]) => `${name} ${urls.length}`).sort()
  const all = own + [...owners.values()].reduce((sum, urls) => sum + urls.length, 0)
  console.log(`| ${door} | ${ms} | ${cpuMs} | ${all} | ${own} | ${packages.join(', ')} |`)
}

function medianOf(values: readonly number[]): string {
  return values.toSorted((one, two) => one - two)[rounds >> 1]!.toFixed(0)
}
