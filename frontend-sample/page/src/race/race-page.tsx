// One prompt over all ways at once, with buttons to break them.

import { type FormEvent, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Session } from '../session/session';
import type { Stack } from '../stack/stack';
import { Notice } from '../ui/notice';
import { LaneCard } from './lane-card';
import { Plot } from './plot';
import { Race, RUNS } from './race';
import { Results, Same } from './results';
import { SandboxControl } from './sandbox';
import { asCsv, asJson, download, type Saved } from './save';

const PROMPT = 'How do the three architectures stream an answer, and what happens when the client hangs up?';

export function RacePage({ stack, session }: { stack: Stack; session: Session }) {
  const race = useMemo(() => new Race(stack, session), [stack, session]);
  useSyncExternalStore(race.subscribe, race.version);
  useEffect(() => () => race.stop(), [race]);
  const [prompt, setPrompt] = useState(PROMPT);
  const [problem, setProblem] = useState<string>();
  const control = useMemo(() => (stack.sandbox ? new SandboxControl(session.accessToken) : undefined), [stack, session]);
  const act = (asked: Promise<void>) => void asked.catch((error: Error) => setProblem(error.message));

  function begin(event: FormEvent) {
    event.preventDefault();
    setProblem(undefined);
    act(race.once(prompt));
  }

  const emulated = stack.sandbox !== undefined;
  const results = race.results;
  const saved = (): Saved => ({
    prompt,
    at: new Date().toISOString(),
    source: emulated ? 'emulated' : 'measured',
    runs: Math.max(...[...race.measured.values()].map(one => one.length)),
    results,
  });

  return (
    <main className="plain race">
      <h1 className="unseen">Race</h1>
      <form className="prompt" onSubmit={begin}>
        <label className="unseen" htmlFor="race-prompt">
          Prompt
        </label>
        <input id="race-prompt" value={prompt} onChange={event => setPrompt(event.target.value)} required />
        {race.busy ? (
          <button type="button" className="stop" onClick={() => race.stop()}>
            Stop all
          </button>
        ) : (
          <>
            <button className="primary">Race</button>
            <button type="button" onClick={() => act(race.measure(prompt))} title={`A warm-up, then ${RUNS} runs`}>
              Measure
            </button>
          </>
        )}
      </form>
      <p className="unseen" role="status">
        {race.busy ? 'The race is on.' : results.length > 0 ? 'The race is over. The results are in the table.' : ''}
      </p>
      {control && <Faults control={control} act={act} lanes={stack.architectures.length} />}
      {(problem ?? race.problem) && <Notice kind="problem">{problem ?? race.problem}</Notice>}
      <Plot lanes={race.lanes} />
      {race.run !== undefined && race.busy && (
        <p className="dim">{race.run === 0 ? 'Warming up' : `Run ${race.run} of ${RUNS}`}</p>
      )}
      <div className="lanes">
        {race.lanes.map(lane => (
          <LaneCard key={lane.architecture} lane={lane} kill={control && (() => act(control.kill(lane.architecture)))} />
        ))}
      </div>
      {results.length > 0 && (
        <>
          <Same race={race} emulated={emulated} />
          <Results race={race} emulated={emulated} />
          <p className="dim">
            {emulated
              ? 'emulated: measured on this machine against an emulated model. The figures compare the architectures with each other. They say nothing about AWS.'
              : 'measured: from this browser, on a connection that was open before the prompt.'}{' '}
            calculated: from the price file of the stack.
          </p>
          <div className="acts">
            <button type="button" onClick={() => download('race.json', 'application/json', asJson(saved()))}>
              Save as JSON
            </button>
            <button type="button" onClick={() => download('race.csv', 'text/csv', asCsv(saved()))}>
              Save as CSV
            </button>
          </div>
        </>
      )}
    </main>
  );
}

type FaultsProps = { control: SandboxControl; act: (asked: Promise<void>) => void; lanes: number };

/** What a sandbox does to its model; each lane has what can be done to its connection and worker. */
function Faults({ control, act, lanes }: FaultsProps) {
  const [slow, setSlow] = useState(false);
  return (
    <div className="acts" role="group" aria-label="The emulated model">
      <span className="dim">The emulated model</span>
      <button
        type="button"
        aria-pressed={slow}
        onClick={() => {
          setSlow(!slow);
          act(control.slow(!slow));
        }}
      >
        Slow
      </button>
      <button type="button" onClick={() => act(control.throttle(lanes))} title="Refuses the next call of each way for load; the stack repeats it">
        Throttle the next calls
      </button>
    </div>
  );
}
