// A chat as it was left, for a page that opens it: one function for each architecture.
//
// The history is the server's. It has what was said; an answer that is being written is in its stream, which `useChat`
// resumes. Each function makes one of a chat's id, and takes the addresses that the architecture's transport takes.

import type { UIMessage } from 'ai';
import { AppSyncApi, type AppSyncApiOptions } from './appsync-api';
import { Refusal, refusalFrom } from './refusals';
import { readOverWebSocket } from './websocket-read';
import { webSocketTicket } from './websocket-ticket';

/** The messages of a chat, oldest first: `useChat`'s `messages`. None if there is no such chat for this user. */
export type History<Message extends UIMessage = UIMessage> = (chatId: string) => Promise<Message[]>;

export type FunctionUrlHistoryOptions = {
  /** The stack's output `functionUrl`. */
  url: string;
  /** The user's access token, asked for anew each time. */
  accessToken: () => string | Promise<string>;
  fetch?: typeof globalThis.fetch;
};

export type WebSocketHistoryOptions = {
  /** The stack's output `webSocketUrl`. */
  url: string;
  /** The stack's output `webSocketTicketUrl`. */
  ticketUrl: string;
  /** The user's access token, asked for anew each time. */
  accessToken: () => string | Promise<string>;
  fetch?: typeof globalThis.fetch;
};

/** Loads chats over the function URL. */
export function functionUrlHistory<Message extends UIMessage = UIMessage>(options: FunctionUrlHistoryOptions): History<Message> {
  const { url, accessToken, fetch = globalThis.fetch } = options;
  return orNone(async chatId => {
    const headers = { authorization: `Bearer ${await accessToken()}` };
    const response = await fetch(new URL(`api/chat/${encodeURIComponent(chatId)}`, url), { headers });
    if (!response.ok) throw refusalFrom(response.status, await response.text());
    return ((await response.json()) as { messages: Message[] }).messages;
  });
}

/** Loads chats over the WebSocket API, each on a connection of its own. */
export function webSocketHistory<Message extends UIMessage = UIMessage>(options: WebSocketHistoryOptions): History<Message> {
  const { url, ticketUrl, ...credentials } = options;
  const ticket = webSocketTicket({ url: ticketUrl, ...credentials });
  return orNone(async chatId => {
    const address = new URL(url);
    address.search = new URLSearchParams(await ticket()).toString();
    return readOverWebSocket<Message>(address, chatId);
  });
}

/** Loads chats over AppSync. Of a chat over 4 MB it has the newest messages. */
export function appSyncHistory<Message extends UIMessage = UIMessage>(options: AppSyncApiOptions): History<Message> {
  const api = new AppSyncApi(options);
  return orNone(async chatId => (await api.messages(chatId)).map(message => JSON.parse(message) as Message));
}

/** A chat comes into being with its first message: until then a page of it is empty. */
function orNone<Message extends UIMessage>(read: History<Message>): History<Message> {
  return async chatId => {
    try {
      return await read(chatId);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not_found') return [];
      throw error;
    }
  };
}
