// Puts the parts of one stream in order: publishes may come late, twice, or not at all.

import type { UIMessageChunk } from 'ai';
import type { PartBatch } from './appsync-api';

const TERMINAL = new Set<string>(['finish', 'abort', 'error']);
/** What a reader can use of an end that is numbered below what has come: its blocks are those of the journal. */
const OF_A_LATE_END = new Set<string>([...TERMINAL, 'message-metadata', 'data-error']);

export class OrderedParts {
  #waiting: PartBatch[] = [];
  #due = 0;
  #epoch = 0;
  #cursor: string | null = null;

  /** How many parts were given out, or were passed over by the stream's end. */
  get due(): number {
    return this.#due;
  }

  /** The place behind the last batch of which nothing is missing; null before the first. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** Whether parts wait for one that has not come. */
  get gap(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes a batch; the parts that are next, in order. Those after a gap wait until it is filled. */
  *take(batch: PartBatch): Generator<UIMessageChunk> {
    this.#waiting.push(batch);
    this.#waiting.sort((a, b) => a.epoch - b.epoch || a.firstSequence - b.firstSequence);
    for (let next; (next = this.#waiting.find(each => each.firstSequence <= this.#due)) !== undefined; ) {
      const ready = next;
      this.#waiting = this.#waiting.filter(each => each !== ready);
      yield* this.#givenOut(ready);
    }
  }

  /** The end of a stream whose worker died is numbered from where the journal stops, below what it had delivered. */
  *#givenOut({ epoch, firstSequence, parts, cursor }: PartBatch): Generator<UIMessageChunk> {
    const end = firstSequence + parts.length;
    const late = epoch > this.#epoch && firstSequence < this.#due;
    if (end <= this.#due && !late) return;
    const told = parts.slice(late ? 0 : this.#due - firstSequence).map(part => JSON.parse(part) as UIMessageChunk);
    this.#due = Math.max(this.#due, end);
    this.#epoch = epoch;
    this.#cursor = cursor;
    yield* late ? told.filter(part => OF_A_LATE_END.has(part.type)) : told;
  }
}

/** Whether nothing follows this part in its stream. */
export function isTerminal(part: UIMessageChunk): boolean {
  return TERMINAL.has(part.type);
}
