import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { type Finding, Hearing, type Voice } from '../../src/trust/hearing.ts'
import { HostTrust } from '../../src/trust/host-trust.ts'
import { kinds } from '../../src/trust/kind.ts'
import { profileOf } from '../../src/trust/profile.ts'
import { answer, labPage } from './answers.ts'

/** What several exits say to one question, and what is made of it. */
const page = labPage('/page/7')
const notice = '<html><body><h1>Sign in</h1><p>to go on</p></body></html>'
const other = '<html><body><table><tr><td>blocked by the company</td></tr></table></body></html>'
/** The same page with other words in one place. */
const slight = page.replace(/<p>[^<]{8}/, '<p>Otherwise')

interface Said {
  readonly exit: number
  readonly text: string
}

/** Exits speak as they are asked, out of `words`, until the hearing is over. */
function hear(
  words: (exit: number, time: number) => string | undefined,
  {
    exits = 12,
    quorum = 0,
    proven = [] as readonly number[],
    suspects = [] as readonly number[],
    known = [] as readonly number[],
    networks = (exit: number) => `net ${exit}`,
    host = new HostTrust(),
  } = {},
): { finding: Finding<Said>; asked: number; host: HostTrust } {
  const hearing = new Hearing<Said>('http://shop.example/page/7', host, quorum)
  const times = new Map<number, number>()
  let asked = 0
  const ask = (exit: number) => {
    const time = times.get(exit) ?? 0
    const text = words(exit, time)
    asked++
    times.set(exit, time + 1)
    if (text === undefined) return hearing.isGone(exit)
    const voice: Voice<Said> = {
      proxy: exit,
      network: networks(exit),
      country: undefined,
      isProven: proven.includes(exit),
      isSuspect: suspects.includes(exit),
      isKnown: known.includes(exit),
      kind: kinds.html,
      profile: profileOf(answer(text), undefined),
      glance: undefined,
      said: { exit, text },
    }
    hearing.add(voice)
  }
  ask(0)
  for (let turns = 0; turns < 100; turns++) {
    const finding = hearing.find(times.size >= exits)
    if (finding.kind === 'ask') ask(times.size)
    else if (finding.kind === 'ask again') ask(finding.proxy)
    else return { finding, asked, host }
  }
  throw new Error('It never ends.')
}

const liars = (...exits: readonly number[]) => {
  return (exit: number) => (exits.includes(exit) ? notice : page)
}

describe('two that say the same', () => {
  it('are not enough where both are suspected, and do not outvote one that is not', () => {
    expect(hear(() => page, { suspects: [0, 1] })).toMatchObject({ finding: { kind: 'agreed' }, asked: 3 })
    const { finding } = hear(liars(0, 1, 2, 3, 4), { exits: 20, suspects: [0, 1, 2, 3, 4] })
    expect(finding).toMatchObject({ kind: 'decided', voice: { said: { text: page } } })
  })

  it('are enough, and the later one is taken', () => {
    const { finding, asked } = hear(() => page)
    expect([finding.kind, asked]).toEqual(['agreed', 2])
    expect('voice' in finding && finding.voice.said).toEqual({ exit: 1, text: page })
  })

  it('are not enough where the caller asks for more', () => {
    expect(hear(() => page, { quorum: 4 })).toMatchObject({ finding: { kind: 'agreed' }, asked: 4 })
  })

  it('are all there is where the caller asks for more than can be had', () => {
    expect(hear(() => page, { quorum: 4, exits: 2 })).toMatchObject({ finding: { kind: 'open' }, asked: 2 })
  })
})

describe('one that says something else', () => {
  it.each([0, 1, 2])('is asked again, and is the deviant, if it speaks as number %i', (liar) => {
    const { finding, asked } = hear(liars(liar), { quorum: liar === 2 ? 3 : 0 })
    expect(finding).toMatchObject({
      kind: 'decided',
      voice: { said: { text: page } },
      deviants: [{ proxy: liar, isRepeated: true, isBlatant: true }],
    })
    expect(asked).toBeLessThanOrEqual(7)
  })

  it('and then what the others say has changed its mind', () => {
    const { finding } = hear((exit, time) => (exit === 0 && time === 0 ? notice : page))
    const deviants = [{ proxy: 0, isRepeated: false }]
    expect(finding).toMatchObject({ kind: 'decided', deviants, voice: { said: { text: page } } })
  })

  it('and cannot be asked again is no repeated liar', () => {
    const { finding } = hear((exit, time) => (exit > 0 ? page : time === 0 ? notice : undefined))
    expect(finding).toMatchObject({ kind: 'decided', deviants: [{ proxy: 0, isRepeated: false }] })
  })

  it('slightly, needs more of the others against it', () => {
    const { finding, asked } = hear((exit) => (exit === 0 ? slight : page))
    expect(finding).toMatchObject({ kind: 'decided', deviants: [{ proxy: 0, isBlatant: false }] })
    expect(asked).toBeGreaterThan(5)
  })

  it('weighs less than proven ones', () => {
    const { asked } = hear(liars(0), { proven: [1, 2] })
    expect(asked).toBe(4)
  })
})

describe('several liars', () => {
  it('with two lies are both found', () => {
    const { finding } = hear((exit) => (exit === 0 ? notice : exit === 1 ? other : page))
    expect(finding).toMatchObject({ kind: 'decided', voice: { said: { text: page } } })
    expect('deviants' in finding && finding.deviants.map(({ proxy }) => proxy).sort()).toEqual([0, 1])
  })

  it('with one lie lose to twice as many', () => {
    expect(hear(liars(0, 1), { quorum: 3 })).toMatchObject({
      finding: { kind: 'decided', voice: { said: { text: page } } },
    })
  })

  it('of one network weigh less than as many of several', () => {
    const networks = (exit: number) => (exit < 3 ? 'one' : `net ${exit}`)
    const { finding } = hear(liars(0, 1, 2), { networks, quorum: 4 })
    expect(finding).toMatchObject({ kind: 'decided', voice: { said: { text: page } } })
  })

  it('that are as many as the others leave it contested, and that stays', () => {
    const { finding, host } = hear((exit) => (exit % 2 === 0 ? notice : page), { exits: 8 })
    expect([finding.kind, host.isContested]).toEqual(['contested', true])
  })
})

describe('in a small fleet', () => {
  it('one is heard, and nothing is known', () => {
    expect(hear(() => page, { exits: 1 })).toMatchObject({ finding: { kind: 'open' }, asked: 1 })
  })

  it('of two that have nothing in common neither is believed, and nobody is accused', () => {
    const { finding, host } = hear(liars(0), { exits: 2 })
    expect(finding).toMatchObject({ kind: 'contested', exits: [0, 1] })
    expect(host.isContested).toBe(false)
  })

  it('two that differ slightly leave it open', () => {
    expect(hear((exit) => (exit === 0 ? slight : page), { exits: 2 }).finding.kind).toBe('open')
  })

  it.each([3, 4])('of %i exits one lone liar is found', (exits) => {
    expect(hear(liars(0), { exits })).toMatchObject({
      finding: { kind: 'decided', voice: { said: { text: page } }, deviants: [{ proxy: 0 }] },
    })
  })

  it('two against two is contested', () => {
    expect(hear(liars(0, 1), { exits: 4, quorum: 3 }).finding.kind).toBe('contested')
  })
})

describe('an honest page that is different each time', () => {
  it('by a nonce, accuses nobody and is learnt', () => {
    const host = new HostTrust()
    const words = (exit: number, time: number) =>
      page.replace('</head>', `<meta name="csrf" content="${exit * 7919 + time * 31}x${exit}"></head>`)
    const first = hear(words, { host })
    expect(first.finding).not.toHaveProperty('deviants')
    const second = hear(words, { host })
    expect(second.finding.kind).toBe('agreed')
    expect(second.asked).toBe(2)
  })

  it('in one of two versions, half and half, accuses nobody', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = createRandom(seed)
      const { finding } = hear(() => (random() < 0.5 ? page : slight), { exits: 30 })
      const deviants = 'deviants' in finding ? finding.deviants : []
      expect(deviants.filter(({ isBlatant }) => isBlatant)).toEqual([])
    }
  })

  it('is learnt from those who have agreed here before, not from liars of whom each has its own lie', () => {
    const texts = (exit: number) => (exit < 7 ? page.replace(/<p>[^<]{8}/, `<p>Lie no ${exit}`) : page)
    const host = new HostTrust()
    for (let exit = 7; exit < 20; exit++) host.agreed(exit)
    const known = Array.from({ length: 13 }, (_, index) => index + 7)
    const { finding } = hear(texts, { exits: 20, known, host })
    expect(finding).toMatchObject({ kind: 'decided', voice: { said: { text: page } } })
    expect(finding).toHaveProperty('deviants.length', 7)
    // The same seven where nobody is known yet are a page with a word of its own for everybody.
    expect(hear(texts, { exits: 20 }).finding).toMatchObject({ kind: 'agreed' })
  })

  it('from top to bottom, accuses nobody, and ends', () => {
    const random = createRandom(3)
    const text = () => labPage(`/page/${Math.floor(random() * 400)}`, {}, Math.floor(random() * 1e6))
    const { finding } = hear(text, { exits: 30 })
    expect(finding).not.toHaveProperty('deviants')
  })
})

it('what most say so far is the favourite, no matter who spoke first', () => {
  const hearing = new Hearing<number>('http://shop.example/', new HostTrust(), 0)
  for (const [exit, text] of [notice, page, page].entries()) {
    const profile = profileOf(answer(text), undefined)
    const parts = {
      country: undefined,
      network: `net ${exit}`,
      isProven: false,
      isSuspect: false,
      isKnown: false,
      kind: kinds.html,
      glance: undefined,
    } as const
    hearing.add({ ...parts, proxy: exit, profile, said: exit })
  }
  expect([hearing.favourite.said, hearing.isSplit]).toEqual([2, true])
})
