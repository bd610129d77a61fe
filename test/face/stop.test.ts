import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createCrawler } from '../../src/face/crawler.ts'
import { openLabScene } from '../faults/lab-scene.ts'

const run = promisify(execFile)

describe('several crawlers and the end of each', () => {
  it('live side by side in one process and know nothing of each other', async () => {
    await using one = await openLabScene({ origins: { site: {} }, proxies: [{ name: 'exit', count: 2 }] })
    await using two = await openLabScene(
      { origins: { site: {} }, proxies: [{ name: 'exit', count: 2 }] },
      { seed: 1 },
    )
    const fetchAll = ({ crawler, lab }: typeof one, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, n) => crawler.fetch(`${lab.origins.site!.url}/bytes/${n + 1}`)),
      )
    await Promise.all([fetchAll(one, 30), fetchAll(two, 20)])
    expect(one.crawler.stats().tasks).toMatchObject({ accepted: 30, succeeded: 30 })
    expect(two.crawler.stats().tasks).toMatchObject({ accepted: 20, succeeded: 20 })
    await one.crawler.stop()
    await fetchAll(two, 5)
    await expect(fetchAll(one, 1)).rejects.toMatchObject({ code: 'STOPPED' })
    await two.end()
  })

  it('stop in the middle ends every task once, with STOPPED, and leaves no socket and no timer', async () => {
    await using scene = await openLabScene(
      {
        origins: { site: {} },
        proxies: [
          { name: 'exit', count: 3 },
          { name: 'hole', fault: 'blackhole' },
          { name: 'mute', fault: 'connect-then-silent' },
        ],
      },
      { hedge: { minDelay: 5, coldDelay: 5, share: 1 }, concurrency: 20 },
    )
    const url = scene.lab.origins.site!.url
    const answers = Array.from({ length: 60 }, (_, n) =>
      scene.crawler.fetch(`${url}/delay/${100 + n}`).catch((each: unknown) => each),
    )
    while (scene.log.settled.length === 0) await Promise.race(answers)
    await Promise.all([scene.crawler.stop(), scene.crawler.stop()])
    for (const answer of await Promise.all(answers)) {
      if (!(answer instanceof Response)) expect(answer).toMatchObject({ code: 'STOPPED' })
    }
    expect(() => scene.crawler.trySubmit(url)).toThrow(expect.objectContaining({ code: 'STOPPED' }))
    await scene.end()
  })

  it.each([
    [
      'stopped in mid-flight',
      `const pages = Array.from({ length: 20 }, () => crawler.fetch(url + '/hang').catch(() => {})); await Promise.race([...pages, new Promise((go) => crawler.once('outcome', go)), crawler.fetch(url + '/bytes/5')]); await crawler.stop()`,
    ],
    [
      'left by await using',
      `await (async () => { await using own = crawler; await own.fetch(url + '/bytes/5') })()`,
    ],
  ])('a process ends by itself: %s', async (_how, body) => {
    const program = `
      import { startLab } from ${JSON.stringify(new URL('../../src/lab/lab.ts', import.meta.url).href)}
      import { createCrawler } from ${JSON.stringify(new URL('../../src/face/crawler.ts', import.meta.url).href)}
      const lab = await startLab({ origins: { site: {} }, proxies: [{ count: 3 }] })
      const crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false })
      const url = lab.origins.site.url
      ${body}
      await lab.close()
      for (let turn = 0; turn < 20; turn++) await new Promise((go) => setImmediate(go))
      const left = process.getActiveResourcesInfo().filter((each) => !/Pipe|TTY|FSReq|CloseReq|WriteWrap|ShutdownWrap|Immediate/.test(each))
      process.stdout.write(JSON.stringify(left))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 15_000,
    })
    expect(JSON.parse(stdout)).toEqual([])
  })

  it('a crawler that cannot start leaves nothing behind', async () => {
    await expect(createCrawler({ proxies: [] })).rejects.toMatchObject({ code: 'PROXY_LIST_EMPTY' })
    await expect(createCrawler({ proxies: '/nowhere/proxies.txt' })).rejects.toMatchObject({
      code: 'PROXY_LIST_UNREADABLE',
    })
    await expect(createCrawler({ proxies: ['nonsense:port'] })).rejects.toMatchObject({
      code: 'PROXY_LINE_INVALID',
    })
    await expect(createCrawler({ proxies: ['127.0.0.1:1'], concurrency: 0 })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('concurrency'),
    })
    await expect(createCrawler({ proxies: ['127.0.0.1:1'], concurency: 5 } as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})
