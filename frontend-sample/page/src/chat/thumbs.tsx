// A thumb up or down for an answer. The one that is pressed takes its rating back when it is pressed again.

import { useRef, useState } from 'react';
import type { Rating } from '../stack/answer';

const NAMES: Record<Rating, string> = { up: 'Good answer', down: 'Bad answer' };
const SHAPE = 'M2 10h4v11H2zM8 21V10l4-8c2 0 3 1 2.6 3L14 9h6c1.4 0 2.2 1 2 2.2l-1.6 8C20.1 20.3 19.3 21 18 21z';

type Props = { rating: Rating | null; rate: (rating: Rating | null) => Promise<void> };

export function Thumbs({ rating, rate }: Props) {
  const [problem, setProblem] = useState('');
  const before = useRef(Promise.resolve());

  /** One after the other: the last thumb that is pressed is the last that the stack is told. */
  function press(pressed: Rating) {
    const chosen = pressed === rating ? null : pressed;
    setProblem('');
    before.current = before.current.then(() => rate(chosen)).catch((error: Error) => setProblem(error.message));
  }

  return (
    <span className="thumbs" role="group" aria-label="Your rating">
      {(['up', 'down'] as const).map(one => (
        <button key={one} type="button" className="quiet" aria-label={NAMES[one]} aria-pressed={rating === one} onClick={() => press(one)}>
          <svg className={one} viewBox="0 0 24 24" aria-hidden="true">
            <path d={SHAPE} />
          </svg>
        </button>
      ))}
      {problem && <span role="alert">The rating was not kept: {problem}</span>}
    </span>
  );
}
