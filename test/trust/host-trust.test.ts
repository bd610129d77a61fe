import { describe, expect, it } from 'vitest'
import { HostTrust } from '../../src/trust/host-trust.ts'

const differing = (...keys: string[]) => ({ keys, likeness: 0.8, isTextOnly: false })

describe('what a host changes by itself', () => {
  it('is no difference any more', () => {
    const host = new HostTrust()
    host.varies(['meta csrf'])
    expect(host.seen(differing('meta csrf')).keys).toEqual([])
    expect(host.seen(differing('meta csrf', 'h1')).keys).toEqual(['h1'])
  })

  it('is never its status, its type or where it leads', () => {
    const host = new HostTrust()
    host.varies(['status', 'type', 'target'])
    expect(host.seen(differing('status', 'type', 'target')).keys).toEqual(['status', 'type', 'target'])
  })

  it('takes its length with it', () => {
    const host = new HostTrust()
    host.varies(['counter'])
    expect(host.seen(differing('counter', 'size')).keys).toEqual([])
    expect(host.seen(differing('size')).keys).toEqual(['size'])
  })

  it('has a bound', () => {
    const host = new HostTrust()
    for (let n = 0; n < 5_000; n++) host.varies([`part ${n}`])
    expect(host.seen(differing('part 10')).keys).toEqual([])
    expect(host.seen(differing('part 4999')).keys).toEqual(['part 4999'])
  })

  it('may be all of it: then status, type and target are left', () => {
    const host = new HostTrust()
    for (let page = 0; page < 3; page++) host.scattered(true)
    expect(host.seen(differing('h1', 'p')).keys).toEqual([])
    expect(host.seen(differing('h1', 'status')).keys).toEqual(['status'])
  })
})

describe('an exit that is believed', () => {
  it('is compared at each host after some pages, once', () => {
    const host = new HostTrust()
    const due = Array.from({ length: 8 }, () => host.took(3))
    expect(due).toEqual([false, false, false, true, true, true, true, true])
    host.compared(3)
    expect([host.took(3), host.isCompared(3), host.isCompared(4)]).toEqual([false, true, false])
    host.forget(3)
    expect(host.isCompared(3)).toBe(false)
  })

  it('is remembered among 20,000', () => {
    const host = new HostTrust()
    for (let exit = 0; exit < 30_000; exit++) host.compared(exit)
    expect([host.isCompared(0), host.isCompared(29_999)]).toEqual([false, true])
  })
})

describe('what a rule took for no page', () => {
  it('speaks against an exit that has never brought a page, the more the more pages others bring', () => {
    const host = new HostTrust()
    const atFirst = host.metWall(9)
    for (let page = 0; page < 40; page++) host.brought(page % 4)
    expect(atFirst).toBeLessThan(0.5)
    expect(host.metWall(9)).toBe(1)
  })

  it('says nothing of one that brings pages, too, and what was held against it is given back once', () => {
    const host = new HostTrust()
    host.accused(9, 1.3)
    host.accused(9, 1.3)
    expect([host.brought(9), host.brought(9), host.metWall(9)]).toEqual([2.6, 0, 0])
  })

  it('says little of an exit where those that bring pages meet it as well', () => {
    const host = new HostTrust()
    for (let page = 0; page < 40; page++) {
      host.brought(page % 4)
      if (page % 3 === 0) host.metWall(page % 4)
    }
    expect(host.metWall(9)).toBeLessThan(0.4)
  })
})
