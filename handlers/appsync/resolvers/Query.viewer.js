import { util } from '@aws-appsync/utils';

// AppSync lets ID tokens in as well; everything of ours takes access tokens only.
export function request(ctx) {
  if (ctx.identity.claims.token_use !== 'access') {
    util.error('An access token is needed, not an ID token.', 'unauthenticated');
  }
  return { payload: null };
}

export function response(ctx) {
  const { sub, username, groups } = ctx.identity;
  return { sub, username, groups: groups ?? [] };
}
