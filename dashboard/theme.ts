import { Topic } from './topic.ts'

/** Light or dark: as the reader's system is, or as they have chosen here. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'regatta-theme'

export const theme = new Topic<Theme>(keptTheme())
/** Grows when colours have changed: canvases draw again. */
export const palette = new Topic(0)

export function chooseTheme(chosen: Theme): void {
  theme.set(chosen)
  applyTheme()
  try {
    localStorage.setItem(key, chosen)
  } catch {
    // Storage may be forbidden: then the choice holds as long as the page does.
  }
}

export function applyTheme(): void {
  if (theme.value === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
  known.clear()
  palette.set(palette.value + 1)
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', applyTheme)

const known = new Map<string, string>()

/** What a variable of the style means now: `ink`, `good`, … A canvas knows no variables. */
export function colour(name: string): string {
  let value = known.get(name)
  if (value === undefined) {
    const probe = document.createElement('i')
    probe.style.color = `var(--${name})`
    document.body.append(probe)
    value = getComputedStyle(probe).color
    probe.remove()
    known.set(name, value)
  }
  return value
}

function keptTheme(): Theme {
  try {
    return themes.find((each) => each === localStorage.getItem(key)) ?? 'system'
  } catch {
    return 'system'
  }
}
