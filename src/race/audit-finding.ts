import type { AuditFinding, AuditOrder } from '../contracts/trust.ts'
import type { Deviant, Finding, Hearing } from '../trust/hearing.ts'

/** What a hearing means for the exit that it was begun for: the first voice, which may have spoken long ago. */
export function auditFindingOf<Said>({ voices }: Hearing<Said>, finding: Finding<Said>): AuditFinding {
  const { proxy } = voices[0]!
  const isIn = (exits: readonly { readonly proxy: number }[]) => exits.some((each) => each.proxy === proxy)
  if (finding.kind === 'contested') return 'contested'
  if (finding.kind === 'decided' && isIn(finding.deviants)) return 'refuted'
  const isUpheld = (finding.kind === 'agreed' || finding.kind === 'decided') && isIn(finding.camp)
  return isUpheld ? 'upheld' : 'open'
}

/**
 * What was brought long ago may have been right then: whether an exit that says something else by now is accused of it depends on
 * how many others are. So it is left out of what is learnt, and told as `changed`.
 */
export function hearAudit<Said>(
  { voices }: Hearing<Said>,
  finding: Finding<Said>,
  audit: AuditOrder,
  accuse: (deviant: Deviant) => void,
): Finding<Said> {
  if (finding.kind !== 'decided') return finding
  const { proxy } = voices[0]!
  const changed = finding.deviants.find((each) => each.proxy === proxy && each.isWavering)
  if (!changed) return finding
  audit.found('changed', () => accuse(changed))
  const isOther = (each: { readonly proxy: number }) => each.proxy !== proxy
  return { ...finding, camp: finding.camp.filter(isOther), deviants: finding.deviants.filter(isOther) }
}
