import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Resources } from '../resources.ts'

/**
 * A port whose SYNs get no answer. Linux drops a SYN when the listener's accept queue is full, so a thread listens with
 * the shortest queue, falls asleep without accepting, and the lab fills the queue itself. No firewall, no root.
 */
const sleeper = `
const { createServer } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')
createServer().listen({ ...workerData, backlog: 1 }, () => {
  parentPort.postMessage('listening')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

/** Resolves when the port is deaf, to a function that frees it. */
export async function dropSyns(
  host: string,
  port: number,
  resources: Resources,
): Promise<() => Promise<void>> {
  const worker = new Worker(sleeper, { eval: true, workerData: { host, port } })
  await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const fillers: Socket[] = []
  for (let isFull = false; !isFull && fillers.length < 16; ) {
    const socket = connect({ host, port })
    resources.track(socket)
    fillers.push(socket)
    isFull = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false))
      resources.after(100, () => resolve(true))
    })
  }
  return async () => {
    for (const socket of fillers) socket.destroy()
    await worker.terminate()
  }
}
