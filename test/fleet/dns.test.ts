import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { providerFor } from '../../src/fleet/provider-for.ts'

/** A name server on loopback with the TXT records of one name: each a list of strings. Of other names it knows nothing. */
async function openNameServer(name: string, records: readonly (readonly string[])[]) {
  const socket = createSocket('udp4')
  const known = name.split('.').map((label) => `${String.fromCharCode(label.length)}${label}`)
  const question = `${known.join('')}\0\0\x10\0\x01`
  socket.on('message', (query, { port, address }) => {
    const asked = query.toString('latin1', 12)
    const isKnown = asked.toLowerCase().startsWith(question)
    const end = 12 + asked.indexOf('\0') + 5
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(isKnown ? 0x8580 : 0x8583, 2) // an answer; no such name
    head.writeUInt16BE(isKnown ? records.length : 0, 6)
    head.fill(0, 8)
    const answers = records.map((strings) => {
      const text = strings.map((each) => `${String.fromCharCode(each.length)}${each}`).join('')
      const about = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, text.length >> 8, text.length & 255])
      return Buffer.concat([about, Buffer.from(text, 'latin1')])
    })
    socket.send(Buffer.concat([head, query.subarray(12, end), ...(isKnown ? answers : [])]), port, address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    at: `127.0.0.1:${socket.address().port}`,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(resolve))
    },
  }
}

const load = (place: string) =>
  providerFor(place, { clock: systemClock, fetch })[0]!.load(AbortSignal.timeout(10_000))

test('dns: asks the name server that is named; the strings of one record belong together', async () => {
  await using server = await openNameServer('proxies.example', [
    ['socks5h://bo', 'b:word@8.8.8.8:1080 country=DE'],
    ['http://8.8.4.4:80,http://8.8.4.4:81'],
    ['10.0.0.7:80'],
  ])
  const { proxies, rejected } = await load(`dns://${server.at}/proxies.example`)
  expect(proxies.map(({ endpoint: { host, port } }) => `${host}:${port}`).toSorted()).toEqual([
    '8.8.4.4:80',
    '8.8.4.4:81',
    '8.8.8.8:1080',
  ])
  expect(proxies.find(({ credentials }) => credentials)?.credentials).toEqual({
    username: 'bob',
    password: 'word',
  })
  expect(rejected).toEqual([expect.stringContaining('the address is not a public one (private)')])
  await expect(load(`dns://${server.at}/other.example`)).rejects.toThrow('there is no such name')
})

test.each(['ns.example', '127.0.0.1:99999', 'localhost'])(
  'a name server must be an address: %s is none, and that is told at once',
  (server) => {
    expect(() => providerFor(`dns://${server}/proxies.example`, { clock: systemClock, fetch })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(`must be an address, with a port if it is not 53`),
      }),
    )
  },
)
