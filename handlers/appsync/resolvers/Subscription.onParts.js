import { extensions, util } from '@aws-appsync/utils';

const TOKEN_USE = { claim: 'token_use', value: 'access' };

export function request(ctx) {
  if (TOKEN_USE && ctx.identity.claims[TOKEN_USE.claim] !== TOKEN_USE.value) {
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
