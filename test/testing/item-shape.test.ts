import { expect, test } from 'vitest'
import { driftBetween, shapeOfItems } from '../../src/testing/item-shape.ts'

const drift = (before: readonly unknown[], now: readonly unknown[]) =>
  driftBetween(shapeOfItems(before), shapeOfItems(now))

const books = Array.from({ length: 20 }, (_, at) => ({
  title: `Book ${at}`,
  price: at,
  tags: ['sea'],
  author: { name: 'Ada', born: at % 2 === 0 ? 1900 : undefined },
}))

test('items of the same shape do not drift, whatever is in them', () => {
  expect(drift(books, books.slice(3, 9))).toEqual([])
  expect(drift(books, [{ ...books[0]!, title: 'Other', price: 99 }])).toEqual([])
})

test('a field that no item has any more is named with how often it was there', () => {
  const now = books.slice(0, 12).map(({ price: _, ...rest }) => rest)
  expect(drift(books, now)).toEqual(['price: in 20 of 20 fixture items, in 0 of 12 live items'])
})

test.each([
  ['an empty text', { title: ' ' }, 'title: in 20 of 20 fixture items, in 0 of 12 live items'],
  ['an empty list', { tags: [] }, 'tags: in 20 of 20 fixture items, in 0 of 12 live items'],
  ['null', { author: null }, 'author: in 20 of 20 fixture items, in 0 of 12 live items'],
  ['another type', { price: '3 EUR' }, 'price: a number in the fixtures, a string live'],
  ['another type in a list', { tags: [3] }, 'tags[]: a string in the fixtures, a number live'],
])('%s is a drift, told once', (_, change, sentence) => {
  expect(
    drift(
      books,
      books.slice(0, 12).map((book) => ({ ...book, ...change })),
    ),
  ).toEqual([sentence])
})

test('a field that was rare may be missing from a few items', () => {
  expect(drift(books, [books[1]!, books[3]!])).toEqual([])
  const few = books.map((book, at) => (at === 0 ? { ...book, note: 'signed' } : book))
  expect(drift(few, books.slice(0, 5))).toEqual([])
})

test('a field that far fewer items have is a drift', () => {
  const now = books.map((book, at) => (at < 5 ? book : { ...book, price: undefined }))
  expect(drift(books, now)).toEqual(['price: in 20 of 20 fixture items, in 5 of 20 live items'])
})

test('items that are no objects have a shape too', () => {
  expect(drift(['a', 'b'], [1, 2])).toEqual(['the item: a string in the fixtures, a number live'])
})
