// The AI SDK's own transports, with nothing of ours beside them.

import { DefaultChatTransport, type UIMessage, WebSocketChatTransport } from 'ai';

type AccessToken = () => string | Promise<string>;

export function overFunctionUrl(functionUrl: string, accessToken: AccessToken) {
  return new DefaultChatTransport({
    api: `${functionUrl}api/chat`,
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
  });
}

export function overWebSocket(webSocketUrl: string, webSocketTicketUrl: string, accessToken: AccessToken) {
  return new WebSocketChatTransport<UIMessage>({
    url: webSocketUrl,
    params: async () => {
      const response = await fetch(webSocketTicketUrl, {
        method: 'POST',
        headers: { authorization: `Bearer ${await accessToken()}` },
      });
      if (!response.ok) throw new Error(await response.text());
      const { ticket } = (await response.json()) as { ticket: string };
      return { ticket };
    },
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    prepareSendMessagesRequest: ({ messages }) => ({ messages: messages.slice(-1) }),
  });
}
