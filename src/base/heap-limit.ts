import { getHeapStatistics } from 'node:v8'

/** Bytes that strings and objects of this process may take before it ends, as its runtime was started. */
export function heapLimit(): number {
  return getHeapStatistics().heap_size_limit
}
