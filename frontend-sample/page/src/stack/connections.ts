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
import { signingFetch } from 'streamways-client/signing';
import { type Chats, appSyncChats, functionUrlChats, webSocketChats } from './chats';
import type { Answer } from './answer';
import { type Architecture, output, type Stack } from './stack';

export type AccessToken = () => Promise<string>;
/** Of whoever is signed in. The ID token is for the stack's identity pool alone. */
export type Tokens = { accessToken: AccessToken; idToken: () => Promise<string> };

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

export function connect(architecture: Architecture, stack: Stack, tokens: Tokens, line: Line = OWN): Connection {
  return WAYS[architecture](stack, tokens, line);
}

const WAYS: Record<Architecture, (stack: Stack, tokens: Tokens, line: Line) => Connection> = {
  'function-url': overFunctionUrl,
  websocket: overWebSocket,
  appsync: overAppSync,
};

function overFunctionUrl(stack: Stack, { accessToken, idToken }: Tokens, line: Line): Connection {
  const url = output(stack, 'functionUrl');
  const fetch = signed(stack, idToken, line.fetch);
  const transport = new DefaultChatTransport<Answer>({
    api: `${url}api/chat`,
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    prepareSendMessagesRequest: ({ body, id, messages, trigger, messageId }) => ({
      body: { ...body, id, messages: messages.slice(-1), trigger, messageId },
    }),
    fetch: cancellingFetch(fetch),
  });
  return {
    transport: typedErrors(transport),
    history: functionUrlHistory<Answer>({ url, accessToken, fetch }),
    chats: functionUrlChats(url, accessToken, fetch),
    close: () => {},
  };
}

/** Signs what it sends where the function URL takes signed requests alone: such a stack has an identity pool. */
function signed(stack: Stack, idToken: Tokens['idToken'], fetch: Line['fetch']): Line['fetch'] {
  if (stack.outputs.identityPoolId === undefined) return fetch;
  return signingFetch({
    region: output(stack, 'region'),
    issuer: output(stack, 'issuer'),
    identityPoolId: output(stack, 'identityPoolId'),
    identityEndpoint: output(stack, 'identityEndpoint'),
    idToken,
    fetch,
  });
}

function overWebSocket(stack: Stack, { accessToken }: Tokens, line: Line): Connection {
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

function overAppSync(stack: Stack, { accessToken }: Tokens, line: Line): Connection {
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

