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
};

export type Answer = UIMessage<Metadata>;

export function textOf(message: Answer): string {
  return message.parts.map(part => (part.type === 'text' ? part.text : '')).join('');
}
