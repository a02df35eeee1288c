// A thumb up or down for an answer. The one that is pressed takes its rating back when it is pressed again.

import { useState } from 'react';
import type { Rating } from '../stack/answer';

const NAMES: Record<Rating, string> = { up: 'Good answer', down: 'Bad answer' };
const SHAPE = 'M2 10h4v11H2zM8 21V10l4-8c2 0 3 1 2.6 3L14 9h6c1.4 0 2.2 1 2 2.2l-1.6 8C20.1 20.3 19.3 21 18 21z';

type Props = { rating: Rating | null; rate: (rating: Rating | null) => Promise<void> };

export function Thumbs({ rating, rate }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');

  async function press(pressed: Rating) {
    if (busy) return;
    setBusy(true);
    setProblem('');
    await rate(pressed === rating ? null : pressed).catch((error: Error) => setProblem(error.message));
    setBusy(false);
  }

  return (
    <span className="thumbs" role="group" aria-label="Your rating">
      {(['up', 'down'] as const).map(one => (
        <button key={one} type="button" className="quiet" aria-label={NAMES[one]} aria-pressed={rating === one} aria-busy={busy} onClick={() => void press(one)}>
          <svg className={one} viewBox="0 0 24 24" aria-hidden="true">
            <path d={SHAPE} />
          </svg>
        </button>
      ))}
      {problem && <span role="alert">The rating was not kept: {problem}</span>}
    </span>
  );
}
