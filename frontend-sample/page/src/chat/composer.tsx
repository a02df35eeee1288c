import { type FormEvent, type KeyboardEvent, useState } from 'react';

/** What the server takes of a message: docs/protocol.md, "A request". */
const MOST_CHARACTERS = 200_000;

type Props = { busy: boolean; send: (text: string) => void; stop: () => void };

export function Composer({ busy, send, stop }: Props) {
  const [text, setText] = useState('');

  function submit(event?: FormEvent) {
    event?.preventDefault();
    if (busy || text.trim() === '') return;
    send(text);
    setText('');
  }

  /** Enter sends, with Shift it is a new line; Escape stops. */
  function key(event: KeyboardEvent) {
    if (event.key === 'Escape' && busy) stop();
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  }

  return (
    <form className="composer" onSubmit={submit}>
      <label className="unseen" htmlFor="prompt">
        Your message
      </label>
      <textarea
        id="prompt"
        rows={2}
        maxLength={MOST_CHARACTERS}
        placeholder="Ask something. Enter sends."
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={key}
        autoFocus
      />
      {busy ? (
        <button type="button" className="stop" onClick={stop}>
          Stop
        </button>
      ) : (
        <button className="primary" disabled={text.trim() === ''}>
          Send
        </button>
      )}
    </form>
  );
}
