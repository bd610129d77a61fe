import type { Answer, Message } from './calls.ts'
import type { Failure } from './state-failure.ts'

/** What the caller's thread and the worker that owns the file say to each other. */
export type ToWorker =
  | { readonly say: 'perform'; readonly message: Message }
  | { readonly say: 'checkpointed'; readonly state: CheckpointState }
  | { readonly say: 'close' }

export type FromWorker =
  | { readonly say: 'opened' }
  | { readonly say: 'failed'; readonly failure: Failure }
  | { readonly say: 'answer'; readonly answer: Answer }
  /** To be handed to the worker that checkpoints. */
  | { readonly say: 'checkpoint'; readonly mode: CheckpointMode }
  | { readonly say: 'closed' }

export type ToCheckpoints = CheckpointMode | 'close'
export type FromCheckpoints = CheckpointState | 'closed'

/** `PASSIVE` disturbs nobody; `RESTART` lets the log begin again and needs the writer to hold still. */
export type CheckpointMode = 'PASSIVE' | 'RESTART'

export interface CheckpointState {
  /** Pages in the log, and how many of those are in the file. */
  readonly log: number
  readonly done: number
}
