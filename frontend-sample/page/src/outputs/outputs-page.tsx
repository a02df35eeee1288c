// The stack's outputs: the addresses that clients use.

import type { Stack } from '../stack/stack';

export function OutputsPage({ stack }: { stack: Stack }) {
  return (
    <main className="plain">
      <h1>Stack outputs</h1>
      <p className="dim">
        What this page knows of its stack: <code>/config.json</code>, the same as <code>streamways outputs --json</code>.
      </p>
      <div className="wide" tabIndex={0} role="group" aria-label="Outputs">
        <table>
          <thead>
            <tr>
              <th scope="col">output</th>
              <th scope="col">value</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(stack.outputs).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <code>{value}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </main>
  );
}
