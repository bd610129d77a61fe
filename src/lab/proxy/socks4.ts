import type { Client } from './client.ts'
import type { Passage, Replies } from './passage.ts'

/** SOCKS4 and, where names are allowed, 4a. No greeting: the first message is the request. */
export async function serveSocks4(client: Client, passage: Passage, allowsNames: boolean): Promise<void> {
  const head = await client.take(8)
  if (head[0] !== 4) {
    client.socket.destroy()
    return
  }
  const user = (await client.takeThrough('\0')).toString('latin1').slice(0, -1)
  const isName = head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] !== 0
  const name = isName ? (await client.takeThrough('\0')).toString('latin1').slice(0, -1) : undefined
  if (passage.behaviour.fault?.kind === 'greeting-then-silent') {
    client.discard()
    return
  }
  const known =
    passage.auth === undefined ? passage.behaviour.fault?.kind !== 'bad-auth' : user === passage.auth.username
  if (!known) {
    passage.admits('', '')
    await passage.refuse(client, reply4(0x5d))
  } else if (head[1] !== 1 || (isName && !allowsNames)) await passage.refuse(client, reply4(0x5b))
  else
    (await passage.reach(client, name ?? head.subarray(4).join('.'), head.readUInt16BE(2), replies))?.join()
}

function reply4(code: number): Uint8Array {
  return Buffer.of(0, code, 0, 0, 0, 0, 0, 0)
}

const replies: Replies = { granted: reply4(0x5a), refused: () => reply4(0x5b) }
