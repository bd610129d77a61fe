import type { Edge, House, Room } from './house.ts'

/**
 * Which room stands on which floor: one above the highest room it stands on. Rooms that stand on each other in a circle
 * (a strongly connected component, Tarjan 1972) share a floor, so that a house with circles can be drawn and mended.
 */
export interface Floor {
  readonly number: number
  readonly rooms: readonly Room[]
}

export function floorsOf(house: House): Floor[] {
  const knots = knotsOf(house)
  const knotOf = new Map(knots.flatMap((knot) => knot.map((room) => [room.name, knot] as const)))
  const numbers = new Map<readonly Room[], number>()
  // A knot comes after every knot it stands on.
  for (const knot of knots) {
    const below = knot
      .flatMap((room) => [...room.standsOn.keys()])
      .map((name) => knotOf.get(name)!)
      .filter((other) => other !== knot)
    numbers.set(
      knot,
      below.reduce((highest, other) => Math.max(highest, numbers.get(other)! + 1), 0),
    )
  }
  const byNumber = Map.groupBy(house.rooms, (room) => numbers.get(knotOf.get(room.name)!)!)
  return [...byNumber]
    .map(([number, rooms]) => ({ number, rooms: rooms.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }))
    .sort((a, b) => a.number - b.number)
}

/** For each knot of rooms the shortest circle in it: one import per step, the last leads back to the first room. */
export function shortestCircles(house: House): Edge[][] {
  return knotsOf(house)
    .filter((knot) => knot.length > 1)
    .map((knot) =>
      knot
        .map((room) => shortestWayBack(room, knot))
        .reduce((shortest, each) => (each.length < shortest.length ? each : shortest)),
    )
}

function shortestWayBack(start: Room, knot: readonly Room[]): Edge[] {
  const rooms = new Map(knot.map((room) => [room.name, room]))
  const ways = new Map<string, Edge[]>()
  const queue: { room: Room; way: Edge[] }[] = [{ room: start, way: [] }]
  for (const { room, way } of queue) {
    for (const [name, edges] of room.standsOn) {
      if (!rooms.has(name) || ways.has(name)) continue
      const longer = [...way, edges[0]!]
      if (name === start.name) return longer
      ways.set(name, longer)
      queue.push({ room: rooms.get(name)!, way: longer })
    }
  }
  throw new Error(`${start.name} is in no circle.`)
}

/** Strongly connected components, each after those it stands on. */
function knotsOf({ rooms }: House): Room[][] {
  const byName = new Map(rooms.map((room) => [room.name, room]))
  const order = new Map<Room, number>()
  const lowest = new Map<Room, number>()
  const open: Room[] = []
  const knots: Room[][] = []
  const visit = (room: Room): void => {
    order.set(room, order.size)
    lowest.set(room, order.get(room)!)
    open.push(room)
    for (const name of room.standsOn.keys()) {
      const below = byName.get(name)!
      if (!order.has(below)) visit(below)
      if (open.includes(below)) lowest.set(room, Math.min(lowest.get(room)!, lowest.get(below)!))
    }
    if (lowest.get(room) === order.get(room)) knots.push(open.splice(open.indexOf(room)))
  }
  for (const room of rooms) if (!order.has(room)) visit(room)
  return knots
}
