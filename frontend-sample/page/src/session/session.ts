// Who is signed in: Cognito with SRP, so the password never leaves the page. Tokens are in memory alone.
//
// A reload forgets them. Another tab of the page is asked first: it hands over what it has (`tabs.ts`).

import { confirmSignIn, fetchAuthSession, signIn, signOut } from '@aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify, ConsoleLogger } from '@aws-amplify/core';
import { output, type Stack } from '../stack/stack';
import { Tabs } from './tabs';

/** A token that expires sooner is renewed before it is used: a request may take a while to arrive. */
const RENEWED_BEFORE_SECONDS = 120;

export type User = { name: string; tier: string | undefined };
/** What a sign-in leads to: a user, or the demand for a new password (users that somebody else has made). */
export type Step = { user: User } | { newPassword: true };

export class Session {
  readonly #stored = new Map<string, string>();
  readonly #tabs: Tabs;

  /** `ended` is called when another tab has signed out. */
  constructor(stack: Stack, ended: () => void) {
    const Cognito = {
      userPoolId: output(stack, 'userPoolId'),
      userPoolClientId: output(stack, 'userPoolClientId'),
      userPoolEndpoint: output(stack, 'cognitoEndpoint'),
    };
    // It would warn of each endpoint that it is told.
    ConsoleLogger.LOG_LEVEL = 'ERROR';
    cognitoUserPoolsTokenProvider.setAuthConfig({ Cognito });
    cognitoUserPoolsTokenProvider.setKeyValueStorage({
      setItem: async (key, value) => void this.#stored.set(key, value),
      getItem: async key => this.#stored.get(key) ?? null,
      removeItem: async key => void this.#stored.delete(key),
      clear: async () => this.#stored.clear(),
    });
    Amplify.configure({ Auth: { Cognito } }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
    this.#tabs = new Tabs(
      () => [...this.#stored],
      () => {
        this.#stored.clear();
        ended();
      },
    );
  }

  /** Takes over the session of another tab of this page, if one is signed in. */
  async join(): Promise<User | undefined> {
    const entries = await this.#tabs.ask();
    if (entries === undefined) return undefined;
    for (const [key, value] of entries) this.#stored.set(key, value);
    return this.#user().catch(() => undefined);
  }

  /** Throws Cognito's error. */
  async signIn(username: string, password: string): Promise<Step> {
    this.#stored.clear();
    const { isSignedIn, nextStep } = await signIn({ username, password });
    return this.#after(isSignedIn, nextStep.signInStep);
  }

  /** The second step for whoever must choose a new password. */
  async choosePassword(password: string): Promise<Step> {
    const { isSignedIn, nextStep } = await confirmSignIn({ challengeResponse: password });
    return this.#after(isSignedIn, nextStep.signInStep);
  }

  /** A token that is good for a while: for each request, and for each frame of a connection that is open. */
  readonly accessToken = async (): Promise<string> => (await this.#tokens()).accessToken.toString();

  /** For AWS credentials, of a stack whose function URL takes signed requests alone. */
  readonly idToken = async (): Promise<string> => String((await this.#tokens()).idToken);

  /** Here and in the other tabs of the page. */
  async signOut(): Promise<void> {
    this.#tabs.signedOut();
    await signOut().catch(() => {});
    this.#stored.clear();
  }

  async #tokens() {
    const expires = (await fetchAuthSession()).tokens?.accessToken.payload.exp ?? 0;
    const forceRefresh = expires - Date.now() / 1000 < RENEWED_BEFORE_SECONDS;
    const { tokens } = await fetchAuthSession({ forceRefresh });
    if (tokens === undefined) throw new Error('You are signed out. Please sign in again.');
    return tokens;
  }

  async #after(isSignedIn: boolean, step: string): Promise<Step> {
    if (isSignedIn) return { user: await this.#user() };
    if (step === 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED') return { newPassword: true };
    throw new Error(`This user has to take a step that the page does not know: ${step}.`);
  }

  async #user(): Promise<User> {
    const { tokens } = await fetchAuthSession();
    if (tokens === undefined) throw new Error('nobody is signed in');
    const groups = tokens.accessToken.payload['cognito:groups'];
    const email = tokens.idToken?.payload.email;
    return { name: String(email ?? tokens.accessToken.payload.username), tier: Array.isArray(groups) ? String(groups[0]) : undefined };
  }
}
