// What went wrong, and a button for what to do about it.

import { useEffect, useState } from 'react';
import { Refusal } from 'streamways-client';
import { Notice } from '../ui/notice';

export type Acts = {
  again: () => void;
  /** Goes on with a stream that still runs, or ended a moment ago. */
  resume?: () => void;
  /** Has the answer continued where it ended. */
  goOn?: () => void;
  signOut: () => void;
  dismiss?: () => void;
};

type Way = { say: string; name: string; act: (acts: Acts) => void };

const AGAIN: Way = { say: 'Try again.', name: 'Try again', act: acts => acts.again() };
const NEW_CHAT: Way = { say: 'Begin a new chat.', name: 'New chat', act: () => (location.hash = '#/chat') };
/** By the error codes of docs/protocol.md. */
const WAYS: Record<string, Way> = {
  unauthenticated: { say: 'Your session is over. Sign in again: the chat is kept.', name: 'Sign in', act: acts => acts.signOut() },
  forbidden: NEW_CHAT,
  not_found: NEW_CHAT,
  too_large: { say: 'Send less, or begin a new chat.', name: 'New chat', act: NEW_CHAT.act },
  content_blocked: { say: 'Ask differently.', name: 'Close', act: acts => acts.dismiss?.() },
  invalid_request: { say: 'Change what you ask.', name: 'Close', act: acts => acts.dismiss?.() },
  deadline: { say: 'The answer can be continued.', name: 'Continue', act: acts => (acts.goOn ?? acts.again)() },
};
const LOST: Way = {
  say: 'The answer is still being written on the server.',
  name: 'Go on reading',
  act: acts => (acts.resume ?? acts.again)(),
};

export function Problem({ error, acts }: { error: Error; acts: Acts }) {
  const way = error instanceof Refusal ? (WAYS[error.code] ?? AGAIN) : error instanceof TypeError && acts.resume ? LOST : AGAIN;
  const seconds = useCountdown(error instanceof Refusal ? error.retryAfter : undefined, error);
  return (
    <Notice kind="problem">
      <p>
        {error.message} {way.say}
      </p>
      <button type="button" onClick={() => way.act(acts)} disabled={seconds > 0}>
        {seconds > 0 ? `${way.name} in ${seconds} s` : way.name}
      </button>
    </Notice>
  );
}

function useCountdown(from: number | undefined, what: unknown): number {
  const [seconds, setSeconds] = useState(from ?? 0);
  useEffect(() => {
    setSeconds(from ?? 0);
    const clock = setInterval(() => setSeconds(left => Math.max(0, left - 1)), 1000);
    return () => clearInterval(clock);
  }, [from, what]);
  return seconds;
}
