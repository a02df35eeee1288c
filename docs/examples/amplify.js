// A chat over AppSync with Amplify 6. The user may be signed in by Amplify, or elsewhere, as here.

import { Amplify } from 'aws-amplify';
import { generateClient } from 'aws-amplify/api';
import { decodeJWT } from 'aws-amplify/auth';
import { Hub } from 'aws-amplify/utils';
import { inOrder, PARTS, START, SUBSCRIPTION } from './in-order.js';

export function connect({ appSyncUrl, region, accessToken }) {
  Amplify.configure(
    { API: { GraphQL: { endpoint: appSyncUrl, region, defaultAuthMode: 'userPool' } } },
    { Auth: { tokenProvider: { getTokens: async () => ({ accessToken: decodeJWT(await accessToken()) }) } } },
  );
  return generateClient();
}

export async function ask(client, chatId, text, show) {
  const streamId = crypto.randomUUID();
  const stream = inOrder(show, async after => {
    const { data } = await client.graphql({ query: PARTS, variables: { streamId, after } });
    return data.parts;
  });

  const acknowledged = Promise.withResolvers();
  const stopListening = Hub.listen('api', ({ payload: { event, data } }) => {
    if (event === 'Subscription ack' && data.variables.streamId === streamId) acknowledged.resolve();
  });
  const subscription = client.graphql({ query: SUBSCRIPTION, variables: { streamId } }).subscribe({
    next: ({ data }) => stream.take(data.onParts),
    error: acknowledged.reject,
  });

  try {
    await acknowledged.promise; // what is published earlier is not heard
    const messages = JSON.stringify([{ id: crypto.randomUUID(), role: 'user', parts: [{ type: 'text', text }] }]);
    await client.graphql({ query: START, variables: { streamId, chatId, messages } });
    stream.listen();
    await stream.over;
  } finally {
    subscription.unsubscribe();
    stopListening();
  }
}
