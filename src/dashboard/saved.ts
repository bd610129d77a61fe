import type { DashboardView } from './dashboard-view.ts'
import {
  type DeadPage,
  type Overview,
  protocolVersion,
  type RequestDetail,
  type SavedPage,
} from './protocol.ts'
import { ProxyMirror } from './proxy-mirror.ts'

/** All that a page can show, in one piece, for the page that is kept as a file. */
const mostRequests = 200
const mostDetails = 50
const mostLetters = 20

export async function savedOf(view: DashboardView, overview: (from: number) => Overview): Promise<SavedPage> {
  const now = overview(0)
  const mirror = new ProxyMirror()
  mirror.read((tell) => view.eachProxy(tell))
  const requests = view.requests({ limit: mostRequests })
  const dead = await view.deadGroups()
  const letters = new Map<string, DeadPage>()
  for (const { reason } of dead.groups)
    letters.set(reason, await view.deadPage({ reason, offset: 0, limit: mostLetters }))
  const failuresFirst = [...requests.rows].sort((a, b) => rank(a.end) - rank(b.end))
  const details = new Map<string, RequestDetail>()
  for (const { task } of failuresFirst.slice(0, mostDetails)) {
    const detail = view.request(task)
    if (detail) details.set(task, detail)
  }
  return {
    version: protocolVersion,
    savedAt: now.at,
    overview: { ...now, can: [] },
    hosts: view.hosts(),
    proxies: mirror.whole(now.at),
    requests,
    details: Object.fromEntries(details),
    dead,
    letters: Object.fromEntries(letters),
  }
}

function rank(end: string): number {
  return end === 'failed' ? 0 : end === 'requeued' || end === 'interrupted' ? 1 : 2
}
