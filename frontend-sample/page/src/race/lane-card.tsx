import { useRef } from 'react';
import { useFollowedEnd } from '../chat/followed-end';
import { chatAddress } from '../route';
import { NAMES } from '../stack/stack';
import { dollars, milliseconds } from '../ui/figures';
import type { Lane } from './lane';

type Props = { lane: Lane; kill: (() => void) | undefined };

export function LaneCard({ lane, kill }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useFollowedEnd(box, lane.text);
  const name = NAMES[lane.architecture];
  return (
    <section className={`lane ${lane.architecture}`} aria-label={name}>
      <header>
        <h2>{name}</h2>
        <span className={`state ${lane.status}`}>{stateOf(lane)}</span>
      </header>
      <div className="text" ref={box} tabIndex={0} role="group" aria-label={`Answer over the ${name}`}>
        {lane.text}
      </div>
      <p className="told dim">{told(lane) || '\u00a0'}</p>
      <div className="acts">
        <button type="button" onClick={() => lane.cut()} disabled={!lane.running} title="Closes this connection in the browser, as a lost network does">
          Cut
        </button>
        {kill && (
          <button type="button" onClick={kill} disabled={!lane.running} title="Kills the process that writes this answer">
            Kill the worker
          </button>
        )}
        <button type="button" onClick={() => lane.stop()} disabled={!lane.running} title="Cancels the answer: the model stops, and so does the bill">
          Stop
        </button>
        {lane.status === 'ready' ? null : (
          <a href={chatAddress(lane.architecture, lane.chatId)} target="_blank" rel="noopener">
            Second tab
          </a>
        )}
      </div>
    </section>
  );
}

function stateOf(lane: Lane): string {
  const { ttftMs, totalMs } = lane.figures;
  switch (lane.status) {
    case 'ready':
      return 'ready';
    case 'waiting':
      return 'waiting';
    case 'streaming':
      return `first text after ${milliseconds(ttftMs)}`;
    case 'lost':
      return 'connection lost';
    case 'finished':
      return `finished in ${milliseconds(totalMs)}`;
    case 'stopped':
      return 'stopped';
    case 'failed':
      return 'failed';
  }
}

/** What happened to it, in a line. */
function told(lane: Lane): string {
  if (lane.problem) return lane.problem;
  const { usage, cost } = lane.metadata;
  if (lane.status === 'stopped' && usage)
    return `The model wrote ${usage.outputTokens} tokens${usage.estimated ? ' (estimated)' : ''} for ${dollars(cost?.model ?? undefined)}, and no more.`;
  const loss = lane.losses.at(-1);
  if (loss?.backAfterMs !== undefined) return `Lost at ${milliseconds(loss.atMs)}, went on ${milliseconds(loss.backAfterMs)} later. Nothing is missing.`;
  if (loss) return `Lost at ${milliseconds(loss.atMs)}. The answer is still being written.`;
  return '';
}
