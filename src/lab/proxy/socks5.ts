import type { Client } from './client.ts'
import type { Passage, Refusal, Replies } from './passage.ts'

/** SOCKS5, RFC 1928, with username and password, RFC 1929. CONNECT only. */
export async function serveSocks5(client: Client, passage: Passage): Promise<void> {
  const [version, methodCount] = await client.take(2)
  if (version !== 5) {
    client.socket.destroy()
    return
  }
  const offered = await client.take(methodCount!)
  if (passage.behaviour.fault?.kind === 'greeting-then-silent' && !passage.auth) {
    client.socket.write(Buffer.of(5, 0))
    client.discard()
    return
  }
  const refusesAll = passage.behaviour.fault?.kind === 'bad-auth'
  const wanted = passage.auth || (refusesAll && offered.includes(2)) ? 2 : 0
  if (!offered.includes(wanted) || (refusesAll && wanted === 0)) {
    passage.admits('', '')
    await passage.refuse(client, Buffer.of(5, 0xff))
    return
  }
  await passage.say(client, Buffer.of(5, wanted))
  if (wanted === 2) {
    const [, nameLength] = await client.take(2)
    const username = (await client.take(nameLength!)).toString()
    const [secretLength] = await client.take(1)
    const password = (await client.take(secretLength!)).toString()
    if (!passage.admits(username, password)) {
      await passage.refuse(client, Buffer.of(1, 1))
      return
    }
    await passage.say(client, Buffer.of(1, 0))
  }
  if (passage.behaviour.fault?.kind === 'greeting-then-silent') {
    client.discard()
    return
  }
  const [, command, , kind] = await client.take(4)
  const host = await takeAddress(client, kind!)
  const port = (await client.take(2)).readUInt16BE(0)
  if (command !== 1) await passage.refuse(client, reply5(7))
  else if (host === undefined) await passage.refuse(client, reply5(8))
  else (await passage.reach(client, host, port, replies))?.join()
}

async function takeAddress(client: Client, kind: number): Promise<string | undefined> {
  if (kind === 1) return (await client.take(4)).join('.')
  if (kind === 3) {
    const [length] = await client.take(1)
    return (await client.take(length!)).toString('latin1')
  }
  if (kind === 4) await client.take(16)
  return undefined
}

/** The bound address is all zeros, as many servers have it. */
function reply5(code: number): Uint8Array {
  return Buffer.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0)
}

function codeOf(refusal: Refusal): number {
  if (typeof refusal === 'object') return refusal.code
  if (refusal === 'not-allowed' || refusal === 'fake-connect') return 2
  if (refusal === 'unreachable') return 3
  if (refusal === 'unknown-host') return 4
  return refusal === 'refused' ? 5 : 1
}

const replies: Replies = { granted: reply5(0), refused: (refusal) => reply5(codeOf(refusal)) }
