// Markdown of a model: it may hold anything, so no HTML of its own comes through, no picture is loaded, and a link says
// nothing of this page to where it leads.

import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import remend from 'remend';

const PLUGINS = [remarkGfm];
const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  // A picture's address could carry what was said to another site.
  img: ({ alt }) => <span className="dim">[{alt || 'a picture'}]</span>,
  table: ({ children }) => (
    <div className="wide" tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
};

/** While it grows, what is half written is closed for the moment: `**bold` is bold before its end has come. */
export const Markdown = memo(function Markdown({ text, growing }: { text: string; growing: boolean }) {
  return (
    <div className="markdown">
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
        {growing ? remend(text) : text}
      </ReactMarkdown>
    </div>
  );
});
