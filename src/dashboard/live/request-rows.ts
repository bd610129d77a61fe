import { redact } from '../../base/redact.ts'
import { explanationText } from '../../observe/explanation-text.ts'
import type { Story } from '../../observe/story.ts'
import type { RequestQuery } from '../dashboard-view.ts'
import type { RequestDetail, RequestList, RequestRow } from '../protocol.ts'
import type { LiveParts } from './live-parts.ts'

/** Requests under way, the latest, and those that are kept: what `crawler.explain()` remembers. */
export function requestList(
  { engine, clock }: LiveParts,
  { end, host, proxy, search, limit }: RequestQuery,
): RequestList {
  const found: Story[] = []
  for (const story of engine.telling.explanations.stories()) {
    if (end !== undefined && story.end !== end) continue
    if (host !== undefined && story.host !== host) continue
    if (proxy !== undefined && !story.hasAsked(proxy)) continue
    if (search !== undefined && !isAbout(story, search)) continue
    found.push(story)
  }
  found.sort((a, b) => Number(b.end === 'running') - Number(a.end === 'running') || b.begunAt - a.begunAt)
  const now = clock.now()
  return {
    at: clock.wall(),
    rows: found.slice(0, limit).map((story) => rowOf(story, now)),
    more: Math.max(0, found.length - limit),
  }
}

export function requestDetail({ crawler }: LiveParts, which: string): RequestDetail | undefined {
  const explanation = crawler.explain(which)
  return explanation && { explanation, text: explanationText(explanation) }
}

function rowOf(story: Story, now: number): RequestRow {
  const { task, request, url, host, begunAt, acceptedAt, settledAt, end, verdict, reason, kept, attempts } =
    story
  return {
    ...{ task, host, begunAt, end, kept, attempts },
    request: request ?? null,
    url: redact(url),
    elapsedMs: Math.round((settledAt ?? now) - acceptedAt),
    verdict: verdict ?? null,
    reason: reason ?? null,
    via: story.via ?? null,
  }
}

function isAbout({ url, task, request, reason }: Story, text: string): boolean {
  return [redact(url), task, request, reason].some((each) => each?.includes(text))
}
