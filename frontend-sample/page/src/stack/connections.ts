// The ways to a chat: transports of the AI SDK as they are, and ours for AppSync.
//
// Each can be given a line, which the race uses to count what comes, and to cut it.

import { type ChatTransport, DefaultChatTransport, WebSocketChatTransport } from 'ai';
import {
  AppSyncChatTransport,
  appSyncHistory,
  cancellingFetch,
  functionUrlHistory,
  typedErrors,
  webSocketHistory,
  webSocketTicket,
} from 'streamways-client';
import { type Chats, appSyncChats, functionUrlChats, webSocketChats } from './chats';
import type { Answer } from './answer';
import { type Architecture, output, type Stack } from './stack';

export type AccessToken = () => Promise<string>;

/** What a connection is made with in the place of the browser's own. */
export type Line = { fetch: typeof globalThis.fetch; WebSocket: typeof globalThis.WebSocket };

export type Connection = {
  transport: ChatTransport<Answer>;
  history: (chatId: string) => Promise<Answer[]>;
  /** Tells of what other tabs begin in a chat; returns what ends that. */
  follow?: (chatId: string, begun: () => void) => () => void;
  chats: Chats;
  close: () => void;
};

type WebSocketConstructor = NonNullable<ConstructorParameters<typeof WebSocketChatTransport>[0]['webSocket']>;

const OWN: Line = { fetch: (input, init) => globalThis.fetch(input, init), WebSocket: globalThis.WebSocket };

export function connect(architecture: Architecture, stack: Stack, accessToken: AccessToken, line: Line = OWN): Connection {
  return WAYS[architecture](stack, accessToken, line);
}

const WAYS: Record<Architecture, (stack: Stack, accessToken: AccessToken, line: Line) => Connection> = {
  'function-url': overFunctionUrl,
  websocket: overWebSocket,
  appsync: overAppSync,
};

function overFunctionUrl(stack: Stack, accessToken: AccessToken, line: Line): Connection {
  const url = output(stack, 'functionUrl');
  const transport = new DefaultChatTransport<Answer>({
    api: `${url}api/chat`,
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    prepareSendMessagesRequest: ({ body, id, messages, trigger, messageId }) => ({
      body: { ...body, id, messages: messages.slice(-1), trigger, messageId },
    }),
    fetch: cancellingFetch(line.fetch),
  });
  return {
    transport: typedErrors(transport),
    history: functionUrlHistory<Answer>({ url, accessToken }),
    chats: functionUrlChats(url, accessToken),
    close: () => {},
  };
}

function overWebSocket(stack: Stack, accessToken: AccessToken, line: Line): Connection {
  const url = output(stack, 'webSocketUrl');
  const ticketUrl = output(stack, 'webSocketTicketUrl');
  const transport = new WebSocketChatTransport<Answer>({
    url,
    params: webSocketTicket({ url: ticketUrl, accessToken }),
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    prepareSendMessagesRequest: ({ messages }) => ({ messages: messages.slice(-1) }),
    // A browser's WebSocket is one, but its handlers are typed more narrowly.
    webSocket: line.WebSocket as unknown as WebSocketConstructor,
  });
  return {
    transport: typedErrors(transport),
    history: webSocketHistory<Answer>({ url, ticketUrl, accessToken }),
    chats: webSocketChats(url, webSocketTicket({ url: ticketUrl, accessToken })),
    close: () => transport.close(),
  };
}

function overAppSync(stack: Stack, accessToken: AccessToken, line: Line): Connection {
  const url = output(stack, 'appSyncUrl');
  const realtimeUrl = output(stack, 'appSyncRealtimeUrl');
  const transport = new AppSyncChatTransport<Answer>({ url, realtimeUrl, accessToken, webSocket: line.WebSocket });
  return {
    transport: typedErrors(transport),
    history: appSyncHistory<Answer>({ url, accessToken }),
    follow: (chatId, begun) => transport.follow(chatId, begun),
    chats: appSyncChats(url, accessToken),
    close: () => transport.close(),
  };
}

