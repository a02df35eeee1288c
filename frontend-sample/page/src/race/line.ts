// What a lane is connected with: it counts the messages that come, and can be cut like a cable.

import type { Architecture } from '../stack/stack';
import type { Line } from '../stack/connections';

export class LaneLine implements Line {
  /** Messages of AppSync that carried parts. Over the other two each part is a message of its own. */
  batches = 0;
  readonly #sockets = new Set<WebSocket>();
  #requests = new AbortController();
  #acknowledged!: () => void;
  /** AppSync has opened the connection. */
  readonly acknowledged = new Promise<void>(resolve => (this.#acknowledged = resolve));

  readonly fetch: typeof globalThis.fetch = (input, init) => {
    const cut = this.#requests.signal;
    return globalThis.fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, cut]) : cut });
  };

  readonly WebSocket: typeof globalThis.WebSocket;

  constructor(architecture: Architecture) {
    const opened = (socket: WebSocket) => {
      this.#sockets.add(socket);
      socket.addEventListener('close', () => this.#sockets.delete(socket));
      if (architecture === 'appsync') socket.addEventListener('message', event => this.#hear(String(event.data)));
    };
    this.WebSocket = class extends globalThis.WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        opened(this);
      }
    };
  }

  /** Ends what is open, as a network does that fails: nobody is told why. */
  cut(): void {
    this.#requests.abort(new TypeError('The network connection was lost.'));
    this.#requests = new AbortController();
    for (const socket of this.#sockets) socket.close();
  }

  #hear(data: string): void {
    const { type } = JSON.parse(data) as { type: string };
    if (type === 'connection_ack') this.#acknowledged();
    if (type === 'data') this.batches += 1;
  }
}
