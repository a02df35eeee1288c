// A chat over a function URL with the auth type AWS_IAM, from the outputs of a stack.

import { DefaultChatTransport, type UIMessage } from 'ai';
import { cancellingFetch, functionUrlHistory, typedErrors } from 'streamways-client';
import { signingFetch } from 'streamways-client/signing';

type Token = () => string | Promise<string>;
type Outputs = { functionUrl: string; region: string; issuer: string; identityPoolId: string; identityEndpoint: string };

export function overSignedFunctionUrl(outputs: Outputs, accessToken: Token, idToken: Token) {
  const fetch = signingFetch({ ...outputs, idToken });
  const transport = new DefaultChatTransport<UIMessage>({
    api: `${outputs.functionUrl}api/chat`,
    headers: async () => ({ authorization: `Bearer ${await accessToken()}` }),
    prepareSendMessagesRequest: ({ body, id, messages, trigger, messageId }) => ({
      body: { ...body, id, messages: messages.slice(-1), trigger, messageId },
    }),
    fetch: cancellingFetch(fetch),
  });
  return {
    transport: typedErrors(transport),
    history: functionUrlHistory({ url: outputs.functionUrl, accessToken, fetch }),
  };
}
