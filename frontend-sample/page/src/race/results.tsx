// The figures side by side: of the last race, or the medians of a measurement.

import { NAMES } from '../stack/stack';
import { dollars, milliseconds } from '../ui/figures';
import type { Race } from './race';

type Props = { race: Race; emulated: boolean };

export function Results({ race, emulated }: Props) {
  const source = emulated ? 'emulated' : 'measured';
  const runs = Math.max(0, ...[...race.measured.values()].map(one => one.length));
  return (
    <div className="wide" tabIndex={0} role="group" aria-label="Results">
      <table className="results">
        <caption className="dim">{runs > 1 ? `Medians of ${runs} runs, after a warm-up` : 'One race'}</caption>
        <thead>
          <tr>
            <th scope="col">architecture</th>
            {['time to first text', 'tokens/s', 'longest gap', 'messages', 'total time', 'tokens out'].map(name => (
              <th key={name} scope="col">
                {name} <small>{source}</small>
              </th>
            ))}
            <th scope="col">
              cost of the model <small>calculated</small>
            </th>
          </tr>
        </thead>
        <tbody>
          {race.results.map(({ architecture, figures }) => (
            <tr key={architecture} className={architecture}>
              <th scope="row">{NAMES[architecture]}</th>
              <td>{milliseconds(figures.ttftMs)}</td>
              <td>{figures.tokensPerSecond?.toFixed(0) ?? '–'}</td>
              <td>{milliseconds(figures.longestGapMs)}</td>
              <td>{figures.messages}</td>
              <td>{milliseconds(figures.totalMs)}</td>
              <td>{figures.outputTokens ?? '–'}</td>
              <td>{dollars(figures.modelCost)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** One hash shows that all said the same. */
export function Same({ race }: Props) {
  const hashes = race.lanes.map(lane => lane.hash);
  if (hashes.some(hash => hash === undefined)) return null;
  const same = new Set(hashes).size === 1;
  return (
    <p className="dim same">
      {same ? `All ${hashes.length} said the same: SHA-256 ` : 'They did not say the same: '}
      <code>{same ? hashes[0] : hashes.map(hash => hash?.slice(0, 8)).join(', ')}</code>
    </p>
  );
}
