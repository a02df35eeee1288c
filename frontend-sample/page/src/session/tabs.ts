// Tabs of one browser that show this page tell each other of a session, so that it needs no storage.
//
// A BroadcastChannel reaches pages of this origin alone: whoever could listen there could read the tokens anyway.

/** How long a tab that has just been opened waits for one that is signed in. */
const PATIENCE_MS = 250;

type Entries = [string, string][];
type Word = { say: 'who' } | { say: 'here'; entries: Entries } | { say: 'out' };

export class Tabs {
  readonly #channel = new BroadcastChannel('streamways-session');
  #answered: ((entries: Entries) => void) | undefined;

  /** `entries` is what to hand over; `ended` is called when another tab has signed out. */
  constructor(entries: () => Entries, ended: () => void) {
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => {
      if (data.say === 'who' && entries().length > 0) this.#say({ say: 'here', entries: entries() });
      if (data.say === 'here') this.#answered?.(data.entries);
      if (data.say === 'out') ended();
    };
  }

  /** What another tab has; undefined when none is signed in. */
  ask(): Promise<Entries | undefined> {
    return new Promise(resolve => {
      const enough = setTimeout(() => resolve(undefined), PATIENCE_MS);
      this.#answered = entries => {
        clearTimeout(enough);
        resolve(entries);
      };
      this.#say({ say: 'who' });
    });
  }

  signedOut(): void {
    this.#say({ say: 'out' });
  }

  #say(word: Word): void {
    this.#channel.postMessage(word);
  }
}
