// The list of a user's chats, newest first: its first page, over each way in.

import { Refusal, type webSocketTicket } from 'streamways-client';
import type { AccessToken } from './connections';

export type ChatSummary = { id: string; title: string; role: 'owner' | 'member'; updatedAt: string };
export type Chats = () => Promise<ChatSummary[]>;

const SILENCE_MS = 30_000;

export function functionUrlChats(url: string, accessToken: AccessToken): Chats {
  return async () => {
    const response = await fetch(new URL('api/chat', url), { headers: { authorization: `Bearer ${await accessToken()}` } });
    if (!response.ok) throw new Error(`The list of chats answered HTTP ${response.status}.`);
    return ((await response.json()) as { chats: ChatSummary[] }).chats;
  };
}

export function webSocketChats(url: string, ticket: ReturnType<typeof webSocketTicket>): Chats {
  return async () => {
    const address = new URL(url);
    address.search = new URLSearchParams(await ticket()).toString();
    const socket = new WebSocket(address);
    const requestId = crypto.randomUUID();
    const listed = new Promise<ChatSummary[]>((resolve, reject) => {
      const lost = () => reject(new TypeError('The network connection was lost before the chats were listed.'));
      setTimeout(lost, SILENCE_MS);
      socket.onclose = lost;
      socket.onopen = () => socket.send(JSON.stringify({ type: 'list', requestId }));
      socket.onmessage = event => {
        const frame = JSON.parse(String(event.data)) as { type?: string; requestId?: string; result: { chats: ChatSummary[] }; errorText?: string };
        if (frame.requestId !== requestId) return;
        if (frame.type === 'result') resolve(frame.result.chats);
        else reject(new Error(frame.errorText));
      };
    });
    return listed.finally(() => socket.close(1000));
  };
}

export function appSyncChats(url: string, accessToken: AccessToken): Chats {
  return async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: await accessToken() },
      body: JSON.stringify({ query: '{ chats { chats { id title role updatedAt } } }' }),
    });
    const { data, errors } = (await response.json()) as { data?: { chats: { chats: ChatSummary[] } }; errors?: { errorType: string; message: string }[] };
    const refused = errors?.[0];
    if (refused !== undefined) throw new Refusal(refused.errorType, refused.message);
    if (data === undefined) throw new Error(`The list of chats answered HTTP ${response.status}.`);
    return data.chats.chats;
  };
}
