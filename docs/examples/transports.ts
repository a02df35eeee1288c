// The three transports of a chat, each from the outputs of a stack.

import { DefaultChatTransport, WebSocketChatTransport } from 'ai';
import { AppSyncChatTransport, cancellingFetch, typedErrors, webSocketTicket } from 'streamways-client';

type AccessToken = () => string | Promise<string>;

export function overFunctionUrl(functionUrl: string, accessToken: AccessToken) {
  return typedErrors(
    new DefaultChatTransport({
      api: `${functionUrl}api/chat`,
      headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
      prepareSendMessagesRequest: ({ body, id, messages, trigger, messageId }) => ({
        body: { ...body, id, messages: messages.slice(-1), trigger, messageId },
      }),
      fetch: cancellingFetch(),
    }),
  );
}

export function overWebSocket(webSocketUrl: string, webSocketTicketUrl: string, accessToken: AccessToken) {
  return typedErrors(
    new WebSocketChatTransport({
      url: webSocketUrl,
      params: webSocketTicket({ url: webSocketTicketUrl, accessToken }),
      headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
      prepareSendMessagesRequest: ({ messages }) => ({ messages: messages.slice(-1) }),
    }),
  );
}

export function overAppSync(appSyncUrl: string, appSyncRealtimeUrl: string, accessToken: AccessToken) {
  return typedErrors(new AppSyncChatTransport({ url: appSyncUrl, realtimeUrl: appSyncRealtimeUrl, accessToken }));
}
