// The first thing that people see: what this is, and where they sign in.

import { type FormEvent, useState } from 'react';
import type { Stack } from '../stack/stack';
import { Logo } from '../ui/logo';
import { Notice } from '../ui/notice';
import type { Session, Step, User } from './session';

type Props = { stack: Stack; session: Session; signedIn: (user: User) => void };

export function SignIn({ stack, session, signedIn }: Props) {
  const users = stack.sandbox?.users ?? [];
  const [name, setName] = useState(users.find(user => user.startsWith('pro@')) ?? users[0] ?? '');
  const [password, setPassword] = useState('');
  const [choosing, setChoosing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const step: Step = await (choosing ? session.choosePassword(password) : session.signIn(name, password));
      if ('user' in step) return signedIn(step.user);
      setChoosing(true);
      setPassword('');
    } catch (error) {
      setProblem(advice(error as Error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="lonely">
      <h1>
        <Logo /> streamways
      </h1>
      <p>Three serverless ways to stream an LLM answer on AWS, side by side.</p>
      <form className="card" onSubmit={event => void submit(event)}>
        {!choosing && (
          <label>
            User
            <input name="username" list="users" value={name} onChange={event => setName(event.target.value)} autoComplete="username" required />
            <datalist id="users">
              {users.map(user => (
                <option key={user} value={user} />
              ))}
            </datalist>
          </label>
        )}
        <label>
          {choosing ? 'New password' : 'Password'}
          <input
            type="password"
            name={choosing ? 'new-password' : 'password'}
            value={password}
            onChange={event => setPassword(event.target.value)}
            autoComplete={choosing ? 'new-password' : 'current-password'}
            autoFocus
            required
          />
        </label>
        <button className="primary" disabled={busy}>
          {busy ? 'Signing in…' : choosing ? 'Set the password' : 'Sign in'}
        </button>
        {problem && <Notice kind="problem">{problem}</Notice>}
      </form>
      {stack.sandbox && (
        <p className="dim">
          This is a sandbox: nothing leaves your machine. <code>make demo</code> has printed the password of this user;{' '}
          <code>streamways users</code> prints those of all users.
        </p>
      )}
    </main>
  );
}

/** What to do about an error of Cognito's. */
function advice(error: Error): string {
  if (error.name === 'NotAuthorizedException' || error.name === 'UserNotFoundException')
    return 'User or password is wrong. A sandbox makes new passwords at each start.';
  if (error.name === 'NetworkError') return 'The stack does not answer. Is it still running?';
  return error.message;
}
