import type { House, Room } from './house.ts'
import { type Floor, floorsOf } from './storeys.ts'

/** The floors as text: a table that leaves nothing out, and a picture that leaves out what another arrow implies. */

export function tableOf(house: House): string {
  const rows = floorsOf(house)
    .toReversed()
    .flatMap(({ number, rooms }) =>
      rooms.map((room) => `| ${number} | ${shorten(room.name)} | ${below(room).join(', ')} |`),
    )
  return ['| floor | room | stands on |', '|---|---|---|', ...rows].join('\n')
}

/** Mermaid; the ground floor is at the bottom. */
export function mermaidOf(house: House): string {
  const floors = floorsOf(house)
  const rooms = floors.flatMap((floor) => floor.rooms)
  const drawn = new Arrows(floors)
  const boxes = rooms.map((room) => `  ${idOf(room)}["${shorten(room.name)}"]`)
  const arrows = rooms.flatMap((room) =>
    drawn.from(room).map((below) => `  ${idOf(room)} --> ${idOf(below)}`),
  )
  return ['flowchart TD', ...boxes.reverse(), ...arrows.reverse()].join('\n')
}

/** A transitive reduction: an arrow to a room that is reached by way of another room is not drawn. */
class Arrows {
  readonly #rooms = new Map<string, Room>()
  readonly #floorOf = new Map<Room, number>()

  constructor(floors: readonly Floor[]) {
    for (const { number, rooms } of floors) {
      for (const room of rooms) {
        this.#rooms.set(room.name, room)
        this.#floorOf.set(room, number)
      }
    }
  }

  from(room: Room): Room[] {
    const under = [...room.standsOn.keys()].sort().map((name) => this.#rooms.get(name)!)
    return under.filter((each) => !under.some((other) => other !== each && this.#leadsTo(other, each)))
  }

  /** Downwards only: rooms of one floor know each other in a circle, and each of its arrows is drawn. */
  #leadsTo(from: Room, to: Room): boolean {
    if (this.#floorOf.get(from)! <= this.#floorOf.get(to)!) return false
    return [...from.standsOn.keys()].some((name) => {
      const next = this.#rooms.get(name)!
      return next === to || (this.#floorOf.get(next)! < this.#floorOf.get(from)! && this.#leadsTo(next, to))
    })
  }
}

function idOf({ name }: Room): string {
  return shorten(name).replace(/\W/g, '_')
}

function below(room: Room): string[] {
  return [...room.standsOn.keys()].map(shorten).sort()
}

function shorten(name: string): string {
  return name.replace(/^src\//, '')
}

/** For the terminal: bottom up, with sizes. */
export function listingOf(house: House): string {
  return floorsOf(house).map(describeFloor).join('\n')
}

function describeFloor({ number, rooms }: Floor): string {
  return rooms
    .map((room, index) => {
      const lines = room.files.reduce((sum, file) => sum + file.lines, 0)
      const size = `${String(room.files.length).padStart(3)} files ${String(lines).padStart(6)} lines`
      return `${index === 0 ? String(number).padStart(2) : '  '}  ${shorten(room.name).padEnd(12)} ${size}  ${below(room).join(' ')}`
    })
    .join('\n')
}
