import { describe, expect, it } from 'vitest'
import { RegattaError } from '../../src/contracts/errors.ts'
import { startLab } from '../../src/lab/lab.ts'
import { parseScenario } from '../../src/lab/scenario.ts'
import { findScenario, scenarioNames } from '../../src/lab/scenarios/find.ts'

function complaint(act: () => unknown): RegattaError {
  try {
    act()
  } catch (error) {
    if (error instanceof RegattaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a scenario', () => {
  it.each([
    [{ origins: {} }, 'origins'],
    [{ origins: { site: { lattency: 5 } } }, 'origins.site'],
    [{ origins: { site: {} }, proxies: [{ protocol: 'socks6' }] }, 'proxies.0.protocol'],
    [{ origins: { site: {} }, proxies: [{}, { flaky: { tunnel: 2 } }] }, 'proxies.1.flaky.tunnel'],
    [
      { origins: { site: { latency: { kind: 'uniform', lowMs: -1, highMs: 2 } } } },
      'origins.site.latency.lowMs',
    ],
  ])('that is wrong is refused with the path of the mistake (%#)', (value, path) => {
    const error = complaint(() => parseScenario(value))
    expect(error.code).toBe('SCENARIO_INVALID')
    expect(error.message).toContain(`"${path}"`)
  })

  it('may use a name only once', async () => {
    const twice = { origins: { site: {} }, proxies: [{ name: 'a' }, { name: 'a' }] }
    await expect(startLab(twice)).rejects.toMatchObject({ code: 'SCENARIO_INVALID' })
  })

  it.each(scenarioNames)('%s comes with Regatta and is valid', (name) => {
    expect(parseScenario(findScenario(name)).name).toBe(name)
  })

  it('of an unknown name is refused with the names there are', () => {
    expect(complaint(() => findScenario('storm')).message).toContain('mixed-100')
  })

  it('mixed-100 has a hundred proxies of the promised kinds', async () => {
    await using lab = await startLab(findScenario('mixed-100'))
    const kinds = Object.groupBy(lab.proxyNames(), (name) => name.replace(/-\d+$/, ''))
    const counts = Object.fromEntries(Object.entries(kinds).map(([kind, names]) => [kind, names!.length]))
    expect(counts).toEqual({
      fast: 45,
      slow: 20,
      'very-slow': 10,
      flaky: 8,
      refusing: 10,
      hanging: 5,
      injecting: 2,
    })
    expect(new Set(lab.proxyNames().map((name) => lab.proxy(name).exitIp)).size).toBe(100)
  })
})
