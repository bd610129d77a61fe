import type { RequestDetail } from '../src/dashboard/protocol.ts'
import type { Live } from './live.ts'
import { Empty, Excerpt, Loading, Title, useAnswer } from './parts.tsx'
import { EndSign } from './requests.tsx'
import { href } from './route.ts'
import { Moment } from './times.tsx'
import { Waterfall } from './waterfall.tsx'

/** One request: what became of it and why, each wait and attempt on a scale of time, and the same in words. */
export function RequestPage({ live, which }: { live: Live; which: string }) {
  const { answer, problem } = useAnswer<RequestDetail>(live, 'request', { which }, 2_000)
  const detail = live.saved?.details[which] ?? answer
  return (
    <>
      <p class="way">
        <a href={href('requests')}>Requests</a> ›
      </p>
      {detail ? (
        <Known detail={detail} />
      ) : (
        <>
          <Title>One request</Title>
          {live.saved ? (
            <Empty more="A report explains the first fifty requests of its list.">
              The report does not hold the story of this request.
            </Empty>
          ) : problem === undefined ? (
            <Loading what="its story" />
          ) : (
            <Empty>{problem}</Empty>
          )}
        </>
      )}
    </>
  )
}

function Known({ detail: { explanation, text } }: { detail: RequestDetail }) {
  const { answer, url, host, end, begunAt, depth, foundOn, earlier } = explanation
  return (
    <>
      <Title>
        <span class="long">{url}</span>
      </Title>
      <p class="answer">{answer}</p>
      <p class="row facts-row quiet">
        <EndSign end={end} />
        <span>
          begun <Moment at={begunAt} />
        </span>
        <span>
          host <a href={href('requests', { host })}>{host}</a>
        </span>
        {depth !== undefined && <span>depth {depth}</span>}
        {foundOn !== undefined && <span class="long">found on {foundOn}</span>}
      </p>
      {earlier.map((life, at) => (
        <Waterfall
          key={life.task}
          life={life}
          title={`Life ${at + 1} of ${earlier.length + 1}: ${life.end}`}
        />
      ))}
      <Waterfall
        life={explanation}
        title={earlier.length > 0 ? `Life ${earlier.length + 1}: ${end}` : 'Waits and attempts'}
      />
      <section aria-labelledby="story">
        <h2 id="story">In words</h2>
        <Excerpt label="Its story" text={text} />
      </section>
    </>
  )
}
