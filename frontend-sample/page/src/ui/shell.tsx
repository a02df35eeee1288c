// What stands around every view: the name, the ways through the page, and the user.

import type { ReactNode } from 'react';
import type { Route } from '../route';
import type { User } from '../session/session';
import { Logo } from './logo';

const VIEWS = [
  { at: 'chat', href: '#/chat', name: 'Chat' },
  { at: 'race', href: '#/race', name: 'Race' },
  { at: 'outputs', href: '#/outputs', name: 'Outputs' },
] as const;

type Props = { route: Route; user: User; emulated: boolean; signOut: () => void; children: ReactNode };

export function Shell({ route, user, emulated, signOut, children }: Props) {
  return (
    <div className="shell">
      <header className="bar">
        <a className="brand" href="#/chat">
          <Logo /> streamways
        </a>
        <nav aria-label="Views">
          {VIEWS.map(({ at, href, name }) => (
            <a key={at} href={href} aria-current={route.at === at ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div className="user">
          {emulated && (
            <span className="badge" title="A sandbox on this machine plays AWS, and the model is emulated.">
              sandbox
            </span>
          )}
          <span className="name">{user.name}</span>
          <button type="button" className="quiet" onClick={signOut}>
            Sign out
          </button>
        </div>
      </header>
      {children}
    </div>
  );
}
