import { chatAddress } from '../route';
import type { ChatSummary } from '../stack/chats';
import type { Architecture } from '../stack/stack';

type Props = { chats: ChatSummary[] | undefined; open: string; architecture: Architecture };

export function ChatList({ chats, open, architecture }: Props) {
  if (chats === undefined) return <p className="dim">Loading…</p>;
  if (chats.length === 0) return <p className="dim">Your chats will be listed here.</p>;
  return (
    <ul className="chats">
      {chats.map(({ id, title, role, updatedAt }) => (
        <li key={id}>
          <a href={chatAddress(architecture, id)} aria-current={id === open ? 'page' : undefined}>
            <span className="title">{title}</span>
            <span className="dim">
              {role === 'member' && 'shared · '}
              <time dateTime={updatedAt}>{WHEN.format(new Date(updatedAt))}</time>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
