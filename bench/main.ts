import { Report } from './report.ts'

/** `npm run bench -- NAME …`: without a name all but the long ones, `smoke` a short form of each. Exits 1 when a promise is missed. */
const benches: Record<string, (report: Report, isSmoke: boolean) => Promise<void>> = {
  overhead: async (report, isSmoke) =>
    (await import('./overhead.ts')).overhead(report, isSmoke ? { requests: 8_000, rounds: 3 } : {}),
  dashboard: async (report, isSmoke) =>
    (await import('./dashboard.ts')).dashboard(report, isSmoke ? { requests: 2_000, rounds: 3 } : {}),
  mixed: async (report, isSmoke) => (await import('./mixed.ts')).mixed(report, isSmoke ? { seeds: 1 } : {}),
  policies: async (report, isSmoke) =>
    (await import('./policies.ts')).policies(report, isSmoke ? { seeds: 1, requests: 500 } : {}),
  recovery: async (report, isShort) => (await import('./recovery.ts')).recovery(report, { isShort }),
  headlines: async (report, isShort) => (await import('./headlines.ts')).headlines(report, { isShort }),
  pick: async (report) => (await import('./pick.ts')).pick(report),
  width: async (report, isSmoke) =>
    (await import('./width.ts')).width(report, isSmoke ? { requests: 30_000, rounds: 2 } : {}),
  soak: async (report, isSmoke) =>
    (await import('./soak.ts')).soak(report, isSmoke ? { requests: 40_000 } : {}),
  profile: async (report, isSmoke) =>
    (await import('./profile.ts')).profile(report, isSmoke ? { requests: 4_000, rounds: 1, top: 10 } : {}),
  restart: async (report, isSmoke) =>
    (await import('./restart.ts')).restart(report, isSmoke ? { seeds: 1 } : {}),
  durability: async (report, isSmoke) =>
    (await import('./durability.ts')).durability(report, isSmoke ? { pages: 1_000, rounds: 2 } : {}),
  endurance: async (report, isSmoke) =>
    (await import('./endurance.ts')).endurance(report, isSmoke ? { requests: 20_000 } : {}),
  frontier: async (report, isSmoke) => (await import('./frontier.ts')).frontier(report, { isSmoke }),
  pages: async (report, isSmoke) => (await import('./pages.ts')).pages(report, { isSmoke }),
  tolerance: async (report, isSmoke) => (await import('./tolerance.ts')).tolerance(report, { isSmoke }),
  lies: async (report, isSmoke) => (await import('./lies.ts')).lies(report, { isSmoke, args: ofLies }),
  liars: async (report, isSmoke) => (await import('./liars.ts')).liars(report, { isSmoke }),
  peers: async (report, smoke) => (await import('./peers/peers.ts')).peers(report, { smoke }),
}

/** Run by name: what durability costs, how it bears millions of requests, and what others have to be installed for. */
const long = new Set([
  'restart',
  'durability',
  'endurance',
  'frontier',
  'pages',
  'tolerance',
  'lies',
  'liars',
])

/** A smoke run is short and may share its machine: it shows that nothing broke, not how fast it is. */
const smokeSlack = 1.6

const asked = process.argv.slice(2)
const isSmoke = asked.includes('smoke')
const words = asked.filter((name) => name !== 'smoke')
// What stands behind `lies` is for that one alone: which of them, and how many seeds.
const behind = words.indexOf('lies') + 1
const ofLies = behind > 0 ? words.slice(behind) : []
const names = behind > 0 ? words.slice(0, behind) : words
const unknown = names.find((name) => !(name in benches))
if (unknown !== undefined) {
  console.error(
    `There is no benchmark "${unknown}"; there are ${Object.keys(benches).join(', ')}, and smoke.`,
  )
  process.exit(2)
}
const report = new Report(isSmoke ? smokeSlack : 1)
const usual = Object.keys(benches).filter((name) => isSmoke || !long.has(name))
for (const name of names.length > 0 ? names : usual) await benches[name]!(report, isSmoke)
console.log(`\n${report.passed} promises kept, ${report.failed} missed`)
process.exitCode = report.failed > 0 ? 1 : 0
