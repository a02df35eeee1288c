import type { ReactNode } from 'react';

export function Notice({ kind, children }: { kind: 'problem' | 'hint'; children: ReactNode }) {
  return (
    <div className={`notice ${kind}`} role={kind === 'problem' ? 'alert' : undefined}>
      {children}
    </div>
  );
}
