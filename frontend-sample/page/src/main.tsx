import { createRoot } from 'react-dom/client';
import { App } from './app';
import { readStack } from './stack/stack';
import { Notice } from './ui/notice';
import './ui/page.css';

const root = createRoot(document.getElementById('root')!);

readStack().then(
  stack => root.render(<App stack={stack} />),
  (error: Error) =>
    root.render(
      <main className="lonely">
        <h1>streamways</h1>
        <Notice kind="problem">{error.message}</Notice>
      </main>,
    ),
);
