// What a sandbox can be asked to do to itself. Whoever is signed in may; on AWS there is no such thing.

import type { AccessToken } from '../stack/connections';
import type { Architecture } from '../stack/stack';

/** Beginnings of the names of the functions that write answers. */
const WORKERS: Record<Architecture, string> = { 'function-url': 'function-url', websocket: 'websocket-worker', appsync: 'appsync-worker' };
const USUAL_PACE = 60;
const SLOW_PACE = 15;

export class SandboxControl {
  readonly #accessToken: AccessToken;

  constructor(accessToken: AccessToken) {
    this.#accessToken = accessToken;
  }

  kill = (architecture: Architecture) => this.#ask('POST', 'functions/kill', { function: WORKERS[architecture] });

  /** From the next answer on. */
  slow = (slow: boolean) => this.#ask('PUT', 'model', { tokensPerSecond: slow ? SLOW_PACE : USUAL_PACE });

  /** The next calls of the model are refused for load; the stack repeats them. */
  throttle = (calls: number) => this.#ask('PUT', 'model/fault', { fault: 'throttled', calls });

  async #ask(method: string, path: string, body: object): Promise<void> {
    const response = await fetch(`/_sandbox/${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.#accessToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`The sandbox answered HTTP ${response.status}: ${await response.text()}`);
  }
}
