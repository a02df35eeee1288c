import { extensions, util } from '@aws-appsync/utils';

export function request(ctx) {
  if (ctx.identity.claims.token_use !== 'access') {
    util.error('An access token is needed, not an ID token.', 'unauthenticated');
  }
  return { payload: null };
}

// A subscription delivers the caller's own streams, whatever id it asks for.
export function response(ctx) {
  const { streamId, chatId } = ctx.args;
  const filter = { owner: { eq: ctx.identity.sub } };
  if (streamId) filter.streamId = { eq: streamId };
  if (chatId) filter.chatId = { eq: chatId };
  extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter(filter));
  return null;
}
