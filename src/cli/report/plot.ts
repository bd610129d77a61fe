import { html, type Markup } from './html.ts'
import type { Scale } from './scale.ts'

/** What all plots share: a frame with axes whose labels say what is measured, in which unit, from zero. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export const usual: Frame = { width: 900, height: 280, left: 84, right: 16, top: 16, bottom: 48 }

export function xOf(frame: Frame, share: number): number {
  return round(frame.left + share * (frame.width - frame.left - frame.right))
}

export function yOf(frame: Frame, share: number): number {
  return round(frame.height - frame.bottom - share * (frame.height - frame.top - frame.bottom))
}

export interface Axis {
  readonly scale: Scale
  /** With its unit. */
  readonly label: string
  readonly tick: (value: number) => string
}

export function plot(frame: Frame, title: string, x: Axis, y: Axis, marks: readonly Markup[]): Markup {
  const { width, height, left, right, bottom, top } = frame
  const middle = top + (height - top - bottom) / 2
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<g class="grid">${y.scale.ticks.map((tick) => html`<line x1="${left}" x2="${width - right}" y1="${yOf(frame, y.scale.at(tick))}" y2="${yOf(frame, y.scale.at(tick))}"/>`)}</g>
<g class="tick">${y.scale.ticks.map((tick) => html`<text x="${left - 8}" y="${yOf(frame, y.scale.at(tick)) + 4}" text-anchor="end">${y.tick(tick)}</text>`)}
${x.scale.ticks.map((tick) => html`<text x="${xOf(frame, x.scale.at(tick))}" y="${height - bottom + 18}" text-anchor="middle">${x.tick(tick)}</text>`)}</g>
<text class="axis" x="${left + (width - left - right) / 2}" y="${height - 8}" text-anchor="middle">${x.label}</text>
<text class="axis" transform="translate(14 ${middle}) rotate(-90)" text-anchor="middle">${y.label}</text>
${marks}
<line class="base" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>
</svg>`
}

export interface LegendEntry {
  readonly colour: string
  readonly label: string
  /** A line rather than an area. */
  readonly isLine?: boolean
}

export function legend(entries: readonly LegendEntry[]): Markup {
  return html`<ul class="legend">${entries.map(
    ({ colour, label, isLine = false }) =>
      html`<li><span class="${isLine ? 'stroke' : 'patch'}" style="--c:var(--${colour})"></span>${label}</li>`,
  )}</ul>`
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}
