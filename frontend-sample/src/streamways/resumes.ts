// Tells a user's stop from a component that mounted twice.
//
// React's StrictMode, or a page that comes back into focus, resumes a chat again and drops the first reader. To a
// transport that looks like a stop. It is one only when nobody resumes the chat within two seconds.

const PATIENCE_MS = 2_000;

export class Resumes {
  readonly #latest = new Map<string, number>();
  readonly #patienceMs: number;

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** A resume of this chat begins; the answer, given to `ended`, names it. */
  begun(chatId: string): number {
    const resume = (this.#latest.get(chatId) ?? 0) + 1;
    this.#latest.set(chatId, resume);
    return resume;
  }

  /** The reader of that resume was dropped: calls `stop`, unless another resume of the chat comes in time. */
  dropped(chatId: string, resume: number, stop: () => void): void {
    setTimeout(() => {
      if (this.#latest.get(chatId) === resume) stop();
    }, this.#patienceMs);
  }
}
