// Where the page is: `#/chat/websocket/<chat>`, `#/race`, `#/outputs`. It survives a reload, and opens in a second tab.

import { useSyncExternalStore } from 'react';
import { ARCHITECTURES, type Architecture } from './stack/stack';

export type Route = { at: 'chat'; architecture: Architecture | undefined; chatId: string | undefined } | { at: 'race' } | { at: 'outputs' };

export function chatAddress(architecture: Architecture, chatId: string): string {
  return `#/chat/${architecture}/${encodeURIComponent(chatId)}`;
}

export function useRoute(): Route {
  return parse(useSyncExternalStore(listen, () => location.hash));
}

function listen(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

function parse(hash: string): Route {
  const [at, way, chatId] = hash.replace(/^#\//, '').split('/');
  if (at === 'race' || at === 'outputs') return { at };
  const architecture = ARCHITECTURES.find(one => one === way);
  return { at: 'chat', architecture, chatId: chatId ? decoded(chatId) : undefined };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
