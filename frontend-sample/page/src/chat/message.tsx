// One message: a question as it was typed, an answer as Markdown, with what it took.

import { memo } from 'react';
import { type Answer, canBeRated, type Rating, textOf } from '../stack/answer';
import { dollars, milliseconds } from '../ui/figures';
import { Markdown } from './markdown';
import { Thumbs } from './thumbs';

type Props = { message: Answer; growing: boolean; rate: (messageId: string, rating: Rating | null) => Promise<void> };

export const Message = memo(function Message({ message, growing, rate }: Props) {
  if (message.role === 'user') {
    return (
      <article className="message question" aria-label="You">
        <p>{textOf(message)}</p>
      </article>
    );
  }
  return (
    <article className={growing ? 'message answer growing' : 'message answer'} aria-label="Answer">
      <Markdown text={textOf(message)} growing={growing} />
      <Footer message={message} rate={rate} />
    </article>
  );
});

const ENDS: Record<string, string> = {
  max_tokens: 'cut off at the token limit',
  cancelled: 'stopped',
  superseded: 'gave way to a newer question',
  deadline: 'ran out of time',
};

/** Its line is there before the figures are: nothing moves when an answer ends. */
function Footer({ message, rate }: Omit<Props, 'growing'>) {
  const { model, usage, cost, timings, stopReason } = message.metadata ?? {};
  const facts = [
    stopReason && ENDS[stopReason],
    usage && `${usage.outputTokens} tokens${usage.estimated ? ' (estimated)' : ''}`,
    cost?.model != null && `${dollars(cost.model)} for the model`,
    timings?.firstTextMs !== undefined && `first text after ${milliseconds(timings.firstTextMs)}`,
    usage && model,
  ].filter(Boolean);
  return (
    <footer className="dim">
      {canBeRated(message) && <Thumbs rating={message.metadata?.rating ?? null} rate={rating => rate(message.id, rating)} />}
      {facts.join(' · ') || '\u00a0'}
    </footer>
  );
}
