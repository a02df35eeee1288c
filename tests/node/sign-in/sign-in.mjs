// The sign-in clients that people have, driven step by step. One JSON command on stdin, one JSON answer on stdout.
//
//   {"client": "amplify" | "identity-js", "pool": {"cognitoEndpoint", "userPoolId", "userPoolClientId"}, "steps": [step]}
//
// A step is one act, and its answer is what came of it, or {"error": {"name", "message"}}:
//
//   {"signIn": {"username", "password", "newPassword"?}}  → the session; the new password is for whoever must choose one
//   {"refresh": true}                                      → the session, renewed
//   {"attributes": true}                                   → {"email", …}
//   {"signOut": "here" | "everywhere"}                     → {}
//
// A session is {"accessToken", "idToken", "refreshToken"}.

import { text } from 'node:stream/consumers';
import { confirmSignIn, fetchAuthSession, fetchUserAttributes, signIn, signOut } from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import { Amplify } from 'aws-amplify';
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';

class AmplifyClient {
  #stored = new Map();

  constructor({ cognitoEndpoint, userPoolId, userPoolClientId }) {
    Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: cognitoEndpoint } } });
    cognitoUserPoolsTokenProvider.setKeyValueStorage({
      setItem: async (key, value) => void this.#stored.set(key, value),
      getItem: async key => this.#stored.get(key) ?? null,
      removeItem: async key => void this.#stored.delete(key),
      clear: async () => this.#stored.clear(),
    });
  }

  async signIn({ username, password, newPassword }) {
    let answer = await signIn({ username, password });
    if (answer.nextStep.signInStep === 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED')
      answer = await confirmSignIn({ challengeResponse: newPassword });
    if (!answer.isSignedIn) throw new Error(`the next step is ${answer.nextStep.signInStep}`);
    return this.#session();
  }

  refresh = () => this.#session({ forceRefresh: true });
  attributes = () => fetchUserAttributes();

  async signOut(where) {
    await signOut({ global: where === 'everywhere' });
    return {};
  }

  async #session(options) {
    const { tokens } = await fetchAuthSession(options);
    const refreshToken = [...this.#stored].find(([key]) => key.endsWith('.refreshToken'))?.[1];
    return { accessToken: String(tokens.accessToken), idToken: String(tokens.idToken), refreshToken };
  }
}

class IdentityJsClient {
  #pool;
  #user;

  constructor({ cognitoEndpoint, userPoolId, userPoolClientId }) {
    this.#pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: userPoolClientId, endpoint: cognitoEndpoint });
  }

  signIn({ username, password, newPassword }) {
    this.#user = new CognitoUser({ Username: username, Pool: this.#pool });
    return new Promise((resolve, reject) => {
      const callbacks = {
        onSuccess: session => resolve(tokensOf(session)),
        onFailure: reject,
        newPasswordRequired: () => this.#user.completeNewPasswordChallenge(newPassword, {}, callbacks),
      };
      this.#user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), callbacks);
    });
  }

  async refresh() {
    const session = await this.#call('getSession');
    return tokensOf(await this.#call('refreshSession', session.getRefreshToken()));
  }

  async attributes() {
    const attributes = await this.#call('getUserAttributes');
    return Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value]));
  }

  async signOut(where) {
    if (where === 'everywhere') await new Promise((onSuccess, onFailure) => this.#user.globalSignOut({ onSuccess, onFailure }));
    else await this.#call('signOut');
    return {};
  }

  #call = (method, ...values) =>
    new Promise((resolve, reject) => this.#user[method](...values, (error, result) => (error ? reject(error) : resolve(result))));
}

const tokensOf = session => ({
  accessToken: session.getAccessToken().getJwtToken(),
  idToken: session.getIdToken().getJwtToken(),
  refreshToken: session.getRefreshToken().getToken(),
});

const CLIENTS = { amplify: AmplifyClient, 'identity-js': IdentityJsClient };
const { client, pool, steps } = JSON.parse(await text(process.stdin));
const person = new CLIENTS[client](pool);
const answers = [];
for (const step of steps) {
  const [[act, input]] = Object.entries(step);
  answers.push(await person[act](input).catch(error => ({ error: { name: error.name, message: error.message } })));
}
console.log(JSON.stringify(answers));
