// Puts the parts of one stream in order: publishes may come late, twice, or not at all.

import type { UIMessageChunk } from 'ai';
import type { PartBatch } from './appsync-api.ts';

const TERMINAL = new Set<string>(['finish', 'abort', 'error']);
/** What of an end below the due sequence makes sense: its blocks are those that the journal knows. */
const OF_A_LATE_END = new Set<string>([...TERMINAL, 'message-metadata', 'data-error']);

export class OrderedParts {
  readonly #waiting = new Map<number, string>();
  #due = 0;

  /** The sequence of the last part that was given out; -1 before the first. */
  get last(): number {
    return this.#due - 1;
  }

  /** Whether parts wait for one that has not come. */
  get gap(): boolean {
    return this.#waiting.size > 0;
  }

  /** Takes a batch; the parts that are next, in order. Those after a gap wait until it is filled.
   *
   * A terminal part ends the stream whatever its number: when a worker is killed, what it published last never reached
   * the journal, after which the end is numbered.
   */
  *take({ firstSequence, parts }: PartBatch): Generator<UIMessageChunk> {
    const last = parts.at(-1);
    if (last !== undefined && firstSequence + parts.length <= this.#due && isTerminal(JSON.parse(last))) {
      yield* parts.map(part => JSON.parse(part) as UIMessageChunk).filter(part => OF_A_LATE_END.has(part.type));
      return;
    }
    parts.forEach((part, index) => {
      if (firstSequence + index >= this.#due) this.#waiting.set(firstSequence + index, part);
    });
    for (let part; (part = this.#waiting.get(this.#due)) !== undefined; ) {
      this.#waiting.delete(this.#due++);
      yield JSON.parse(part) as UIMessageChunk;
    }
  }
}

/** Whether nothing follows this part in its stream. */
export function isTerminal(part: UIMessageChunk): boolean {
  return TERMINAL.has(part.type);
}
