import { expect, it } from 'vitest'
import { HostTrust } from '../../src/trust/host-trust.ts'
import { kinds } from '../../src/trust/kind.ts'
import { profileOf } from '../../src/trust/profile.ts'
import { Trust } from '../../src/trust/trust.ts'
import { answer } from './answers.ts'

const exits = 50
const url = 'http://shop.example/list/1'

function open() {
  const owners = Array.from({ length: exits }, () => ({}))
  const trust = new Trust({
    fleet: {
      size: exits,
      answerable: exits,
      endpoints: [],
      inFlight: new Uint8Array(exits),
      ownerOf: (proxy) => owners[proxy],
      has: () => true,
      numberOf: () => undefined,
      sizeOf: () => 1,
    },
    convict: () => {},
    alert: () => {},
  })
  /** These agree, and each was compared. */
  const agree = (from: number, to: number) => {
    for (let proxy = from; proxy < to; proxy++) {
      trust.honesty.confirm(proxy, kinds.html)
      trust.honesty.join(from, proxy)
    }
  }
  const weighsDouble = (proxy: number, of = exits) => {
    const response = answer('<h1>A page</h1>')
    const said = { profile: profileOf(response), said: undefined }
    return trust.voiceOf(proxy, of, said, { host: new HostTrust(), url, response }).isProven
  }
  return { trust, agree, weighsDouble }
}

it('the word of a few who agree weighs no more than that of others: they may be the liars who met first', () => {
  const { trust, agree, weighsDouble } = open()
  agree(0, 7)
  expect([trust.isProven(0), weighsDouble(0)]).toEqual([true, false])
  agree(0, 8)
  expect([trust.isProven(0), weighsDouble(0)]).toEqual([true, true])
})

it('nor does the word of many, beside more who say otherwise', () => {
  const { trust, agree, weighsDouble } = open()
  agree(0, 20)
  expect(weighsDouble(0)).toBe(true)
  agree(20, 50)
  expect([trust.isProven(0), weighsDouble(0), weighsDouble(20)]).toEqual([true, false, true])
})

it('in a small fleet all of them are enough', () => {
  const { agree, weighsDouble } = open()
  agree(0, 4)
  expect([weighsDouble(0, 4), weighsDouble(0, 5)]).toEqual([true, false])
})
