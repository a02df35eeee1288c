// A chat over AppSync with Apollo Client 4 and AWS's links for it.

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { createAuthLink } from 'aws-appsync-auth-link';
import { CONTROL_EVENTS_KEY, createSubscriptionHandshakeLink } from 'aws-appsync-subscription-link';
import { tap } from 'rxjs';
import { inOrder, PARTS, START, SUBSCRIPTION } from './in-order.js';

/** Passes on that AppSync has acknowledged a subscription: of a result without data Apollo Client tells nobody. */
const acknowledgements = new ApolloLink((operation, forward) =>
  forward(operation).pipe(tap(({ extensions }) => extensions?.controlMsgType && operation.getContext().acknowledged())),
);

export function connect({ appSyncUrl, region, accessToken }) {
  const given = { url: appSyncUrl, region, auth: { type: 'AMAZON_COGNITO_USER_POOLS', jwtToken: accessToken } };
  const subscriptions = createSubscriptionHandshakeLink(given, new HttpLink({ uri: appSyncUrl }));
  return new ApolloClient({
    link: ApolloLink.from([createAuthLink(given), acknowledgements, subscriptions]),
    cache: new InMemoryCache(),
  });
}

export async function ask(client, chatId, text, show) {
  const streamId = crypto.randomUUID();
  const stream = inOrder(show, async after => {
    const { data } = await client.query({ query: gql(PARTS), variables: { streamId, after }, fetchPolicy: 'no-cache' });
    return data.parts;
  });

  const acknowledged = Promise.withResolvers();
  const context = { controlMessages: { [CONTROL_EVENTS_KEY]: true }, acknowledged: acknowledged.resolve };
  const subscription = client
    .subscribe({ query: gql(SUBSCRIPTION), variables: { streamId }, fetchPolicy: 'no-cache', context })
    .subscribe(({ data, error }) => (error ? acknowledged.reject(error) : stream.take(data.onParts)));

  try {
    await acknowledged.promise; // what is published earlier is not heard
    const messages = JSON.stringify([{ id: crypto.randomUUID(), role: 'user', parts: [{ type: 'text', text }] }]);
    await client.mutate({ mutation: gql(START), variables: { streamId, chatId, messages }, fetchPolicy: 'no-cache' });
    stream.listen();
    await stream.over;
  } finally {
    subscription.unsubscribe();
  }
}
