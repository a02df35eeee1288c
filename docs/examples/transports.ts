// The three ways to a chat, each from the outputs of a stack: its transport, and how its history is loaded.

import { DefaultChatTransport, type UIMessage, WebSocketChatTransport } from 'ai';
import {
  AppSyncChatTransport,
  appSyncHistory,
  cancellingFetch,
  functionUrlHistory,
  typedErrors,
  webSocketHistory,
  webSocketTicket,
} from 'streamways-client';

type AccessToken = () => string | Promise<string>;

export function overFunctionUrl(functionUrl: string, accessToken: AccessToken) {
  const transport = new DefaultChatTransport<UIMessage>({
    api: `${functionUrl}api/chat`,
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    prepareSendMessagesRequest: ({ body, id, messages, trigger, messageId }) => ({
      body: { ...body, id, messages: messages.slice(-1), trigger, messageId },
    }),
    fetch: cancellingFetch(),
  });
  return {
    transport: typedErrors(transport),
    history: functionUrlHistory({ url: functionUrl, accessToken }),
  };
}

export function overWebSocket(webSocketUrl: string, webSocketTicketUrl: string, accessToken: AccessToken) {
  const transport = new WebSocketChatTransport<UIMessage>({
    url: webSocketUrl,
    params: webSocketTicket({ url: webSocketTicketUrl, accessToken }),
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    prepareSendMessagesRequest: ({ messages }) => ({ messages: messages.slice(-1) }),
  });
  return {
    transport: typedErrors(transport),
    history: webSocketHistory({ url: webSocketUrl, ticketUrl: webSocketTicketUrl, accessToken }),
  };
}

export function overAppSync(appSyncUrl: string, appSyncRealtimeUrl: string, accessToken: AccessToken) {
  const transport = new AppSyncChatTransport({ url: appSyncUrl, realtimeUrl: appSyncRealtimeUrl, accessToken });
  return {
    transport: typedErrors(transport),
    history: appSyncHistory({ url: appSyncUrl, accessToken }),
    follow: (chatId: string, begun: () => void) => transport.follow(chatId, begun),
  };
}
