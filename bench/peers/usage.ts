import { readdirSync, readFileSync } from 'node:fs'

/**
 * What a peer and its children used, read from outside in the same way for every language: /proc (Linux). CPU comes in
 * ticks of 10 ms, so a run should use a second of it.
 */
export interface Usage {
  /** User and system time of the process, its children alive and those it waited for. */
  readonly cpuMs: number
  /** Highest resident memory so far, of the process and its children alive. */
  readonly peakBytes: number
}

const msPerTick = 10

export function usageOf(pid: number): Usage {
  let cpuMs = 0
  let peakBytes = 0
  for (const each of treeOf(pid)) {
    const used = usageOfOne(each)
    cpuMs += used.cpuMs
    peakBytes += used.peakBytes
  }
  return { cpuMs, peakBytes }
}

/** Memory that a process and its children have in use now, in bytes. */
export function residentOf(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + kilobytesOf(each, 'VmRSS') * 1_024, 0)
}

function kilobytesOf(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  } catch {
    return 0
  }
}

function usageOfOne(pid: number): Usage {
  try {
    const { ticks } = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return { cpuMs: ticks * msPerTick, peakBytes: kilobytesOf(pid, 'VmHWM') * 1_024 }
  } catch {
    return { cpuMs: 0, peakBytes: 0 }
  }
}

/** proc(5): the second field is a name in parentheses that may hold anything; 14 to 17 are the times. */
export function parseStat(line: string): { ticks: number } {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return { ticks: fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) }
}

function treeOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
    return [pid, ...children.flatMap(treeOf)]
  } catch {
    return [pid]
  }
}
