import { runCrumbs } from '../test/sessions/crumb-world.ts'

/**
 * 11,706 symbols behind crumbs that are good for one address and 25 s, through 100 proxies of which 10 die on the way: with 50 sessions,
 * and without any. Ends with code 1 when a symbol is missing, a crumb was shown from another address, or a good proxy was charged.
 */
const wish = { symbols: 11_706, proxies: 100, dying: 10, dieEveryMs: 8_000, crumbMs: 25_000 }

let isSound = true
for (const session of [{ size: 50 }, undefined]) {
  const { symbols, foreign, crumbs, charged, opened, quotes, virtualMs } = await runCrumbs({
    ...wish,
    session,
  })
  console.log(session ? '50 sessions' : 'without sessions')
  console.log(
    `  ${symbols.size} of ${wish.symbols} symbols after ${Math.round(virtualMs / 1_000)} s of virtual time`,
  )
  console.log(`  answers: ${[...quotes].map(([status, count]) => `${count} × ${status}`).join(', ')}`)
  console.log(`  ${crumbs} crumbs fetched, ${foreign} shown from another address`)
  console.log(`  good proxies: charged ${charged.toFixed(1)}, opened ${opened.length}`)
  if (!session) continue
  isSound = symbols.size === wish.symbols && foreign === 0 && charged === 0 && opened.length === 0
}
process.exitCode = isSound ? 0 : 1
