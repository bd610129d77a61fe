import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import { get, getByHttp } from './client.ts'

describe('TLS in the lab', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab({
      origins: {
        good: { tls: true, aliases: ['also-good.lab'] },
        expired: { tls: 'expired' },
        other: { tls: 'wrong-name' },
        stranger: { tls: 'untrusted' },
        site: {},
      },
      proxies: [
        { name: 'socks' },
        { name: 'http', protocol: 'http' },
        { name: 'https', protocol: 'https' },
        { name: 'forger', fault: 'mitm' },
        { name: 'cutting', fault: 'reset-mid-body' },
      ],
    })
  })
  afterAll(() => lab.close())

  it('serves origins whose certificates the lab’s authority signed', async () => {
    expect((await get(lab, 'socks', '/bytes/2048', { origin: 'good' })).bytes).toHaveLength(2_048)
    expect((await getByHttp(lab, 'http', '/bytes/2048', 'connect', 'good')).bytes).toHaveLength(2_048)
  })

  it.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['other', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['stranger', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('serves certificates that are wrong: %s', async (origin, code) => {
    await expect(get(lab, 'socks', '/empty', { origin })).rejects.toMatchObject({ code })
  })

  it.each(['forward', 'connect'] as const)('has HTTPS proxies (%s)', async (how) => {
    expect((await getByHttp(lab, 'https', '/bytes/300', how)).bytes).toHaveLength(300)
  })

  it('has proxies that forge certificates, which an honest client refuses', async () => {
    const refused = { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }
    await expect(get(lab, 'forger', '/empty', { origin: 'good' })).rejects.toMatchObject(refused)
    expect((await get(lab, 'forger', '/bytes/10')).bytes).toHaveLength(10)
  })

  it('cuts a body inside TLS, too', async () => {
    await expect(get(lab, 'cutting', '/bytes/100000', { origin: 'good' })).rejects.toThrow()
    expect((await get(lab, 'cutting', '/bytes/100', { origin: 'good' })).bytes).toHaveLength(100)
  })
})
