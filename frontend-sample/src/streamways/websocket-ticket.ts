// A one-time ticket for each connection of the stock `WebSocketChatTransport`: a browser's WebSocket can set no header,
// and a token in a URL would stand in logs.

import { refusalFrom } from './refusals';

export type WebSocketTicketOptions = {
  /** The stack's output `webSocketTicketUrl`. */
  url: string;
  /** The user's access token, asked for anew each time. */
  accessToken: () => string | Promise<string>;
  fetch?: typeof globalThis.fetch;
};

/** Use it as `new WebSocketChatTransport({ url, params: webSocketTicket({ url: ticketUrl, accessToken }) })`. */
export function webSocketTicket({ url, accessToken, fetch = globalThis.fetch }: WebSocketTicketOptions): () => Promise<{ ticket: string }> {
  return async () => {
    const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${await accessToken()}` } });
    if (!response.ok) throw refusalFrom(response.status, await response.text());
    const { ticket } = (await response.json()) as { ticket: string };
    return { ticket };
  };
}
