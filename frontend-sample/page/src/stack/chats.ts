// The list of a user's chats, newest first (its first page), the removal of one, and the rating of an answer, over each
// way in.

import { Refusal, type webSocketTicket } from 'streamways-client';
import type { Rating } from './answer';
import type { AccessToken } from './connections';

export type ChatSummary = { id: string; title: string; role: 'owner' | 'member'; updatedAt: string };
export type Chats = {
  list: () => Promise<ChatSummary[]>;
  remove: (chatId: string) => Promise<void>;
  /** Null takes the rating back. */
  rate: (chatId: string, messageId: string, rating: Rating | null) => Promise<void>;
};

const SILENCE_MS = 30_000;

export function functionUrlChats(url: string, accessToken: AccessToken, fetch: typeof globalThis.fetch): Chats {
  const ask = async (path: string, method: string, body?: object) => {
    const headers = { authorization: `Bearer ${await accessToken()}`, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(new URL(path, url), { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`The chats answered HTTP ${response.status}.`);
    return response;
  };
  return {
    list: async () => ((await (await ask('api/chat', 'GET')).json()) as { chats: ChatSummary[] }).chats,
    remove: async chatId => void (await ask(`api/chat/${encodeURIComponent(chatId)}`, 'DELETE')),
    rate: async (chatId, messageId, rating) =>
      void (await ask(`api/chat/${encodeURIComponent(chatId)}/messages/${encodeURIComponent(messageId)}/rating`, 'PUT', { rating })),
  };
}

/** The stock transport knows no such frames: each goes over a socket of its own. */
export function webSocketChats(url: string, ticket: ReturnType<typeof webSocketTicket>): Chats {
  const ask = async (frame: object) => {
    const address = new URL(url);
    address.search = new URLSearchParams(await ticket()).toString();
    const socket = new WebSocket(address);
    const requestId = crypto.randomUUID();
    const answered = new Promise<{ chats: ChatSummary[] }>((resolve, reject) => {
      const lost = () => reject(new TypeError('The network connection was lost before it was answered.'));
      setTimeout(lost, SILENCE_MS);
      socket.onclose = lost;
      socket.onopen = () => socket.send(JSON.stringify({ ...frame, requestId }));
      socket.onmessage = event => {
        const answer = JSON.parse(String(event.data)) as { type?: string; requestId?: string; result: { chats: ChatSummary[] }; errorText?: string };
        if (answer.requestId !== requestId) return;
        if (answer.type === 'result') resolve(answer.result);
        else reject(new Error(answer.errorText));
      };
    });
    return answered.finally(() => socket.close(1000));
  };
  return {
    list: async () => (await ask({ type: 'list' })).chats,
    remove: async chatId => void (await ask({ type: 'delete', id: chatId })),
    rate: async (id, messageId, rating) => void (await ask({ type: 'rate', id, messageId, rating })),
  };
}

const RATE = `mutation Rate($chatId: ID!, $messageId: ID!, $rating: Rating) {
  rateAnswer(chatId: $chatId, messageId: $messageId, rating: $rating) { rating }
}`;

export function appSyncChats(url: string, accessToken: AccessToken): Chats {
  const ask = async <Data>(query: string, variables: object): Promise<Data> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: await accessToken() },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data?: Data; errors?: { errorType: string; message: string }[] };
    const refused = errors?.[0];
    if (refused !== undefined) throw new Refusal(refused.errorType, refused.message);
    if (data === undefined) throw new Error(`The chats answered HTTP ${response.status}.`);
    return data;
  };
  return {
    list: async () => (await ask<{ chats: { chats: ChatSummary[] } }>('{ chats { chats { id title role updatedAt } } }', {})).chats.chats,
    remove: async id => void (await ask('mutation Delete($id: ID!) { deleteChat(id: $id) }', { id })),
    rate: async (chatId, messageId, rating) => void (await ask(RATE, { chatId, messageId, rating })),
  };
}
