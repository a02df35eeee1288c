// A message of a chat, with what a stack tells of an answer in its metadata.

import type { UIMessage } from 'ai';

export type Metadata = {
  streamId?: string;
  model?: string;
  /** `end_turn`, `max_tokens`, `cancelled`, `superseded`, `deadline`, or an error code. */
  stopReason?: string;
  usage?: { inputTokens: number; outputTokens: number; totalTokens: number; estimated?: boolean };
  /** USD, calculated from the stack's price file; null for a model that it does not know. */
  cost?: { currency: string; model: number | null };
  /** Milliseconds in the function since the start of the stream. */
  timings?: { firstTextMs?: number; totalMs: number };
  /** In a history: what the user thinks of the answer, null for nothing yet; absent where another has asked for it. */
  rating?: Rating | null;
};

export type Rating = 'up' | 'down';

export type Answer = UIMessage<Metadata>;

/** Whether the user has asked for this answer, and it has ended: a stream tells its `timings` to that user alone. */
export function canBeRated({ metadata }: Answer): boolean {
  return metadata?.stopReason !== undefined && (metadata.rating !== undefined || metadata.timings !== undefined);
}

export function textOf(message: Answer): string {
  return message.parts.map(part => (part.type === 'text' ? part.text : '')).join('');
}
