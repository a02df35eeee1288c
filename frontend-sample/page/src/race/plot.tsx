// Tokens over time, a line for each way: flat where nothing came, with a ring where the connection was lost.

import { type RefObject, useEffect, useRef, useState } from 'react';
import { NAMES } from '../stack/stack';
import type { Lane } from './lane';

const FIRST_WIDTH = 900;
const HEIGHT = 240;
const LEFT = 44;
const BOTTOM = 26;
const LEAST_MS = 4_000;
const LEAST_TOKENS = 100;

export function Plot({ lanes }: { lanes: readonly Lane[] }) {
  const drawing = useRef<SVGSVGElement>(null);
  const width = useWidth(drawing);
  const endMs = Math.max(LEAST_MS, ...lanes.map(lane => lane.points.at(-1)?.atMs ?? 0));
  const most = Math.max(LEAST_TOKENS, ...lanes.map(lane => lane.points.at(-1)?.tokens ?? 0));
  const x = (atMs: number) => LEFT + (atMs / endMs) * (width - LEFT - 8);
  const y = (tokens: number) => HEIGHT - BOTTOM - (tokens / most) * (HEIGHT - BOTTOM - 10);
  return (
    <figure className="plot">
      <svg ref={drawing} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={described(lanes)}>
        {steps(most).map(tokens => (
          <g key={tokens} className="grid">
            <line x1={LEFT} x2={width - 8} y1={y(tokens)} y2={y(tokens)} />
            <text x={LEFT - 8} y={y(tokens) + 4} textAnchor="end">
              {tokens}
            </text>
          </g>
        ))}
        {steps(endMs / 1000).map(second => (
          <text key={second} className="tick" x={x(second * 1000)} y={HEIGHT - 8} textAnchor={second === 0 ? 'start' : 'middle'}>
            {second} s
          </text>
        ))}
        {lanes.map(({ architecture, points, losses }) => (
          <g key={architecture} className={architecture}>
            <path d={points.map(({ atMs, tokens }, index) => `${index ? 'H' : 'M'}${x(atMs).toFixed(1)}${index ? 'V' : ' '}${y(tokens).toFixed(1)}`).join('')} />
            {losses.map(({ atMs }) => (
              <circle key={atMs} cx={x(Math.min(atMs, endMs))} cy={y(points.findLast(point => point.atMs <= atMs)?.tokens ?? 0)} r="5" />
            ))}
          </g>
        ))}
      </svg>
      <figcaption className="legend">
        <span className="dim">tokens, at four characters each, over time</span>
        {lanes.map(({ architecture }) => (
          <span key={architecture} className={architecture}>
            {NAMES[architecture]}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** Drawn as wide as it is shown: on a phone too its words can be read. */
function useWidth(element: RefObject<Element | null>): number {
  const [width, setWidth] = useState(FIRST_WIDTH);
  useEffect(() => {
    const seen = new ResizeObserver(([entry]) => entry && setWidth(Math.max(1, entry.contentRect.width)));
    if (element.current) seen.observe(element.current);
    return () => seen.disconnect();
  }, [element]);
  return width;
}

function described(lanes: readonly Lane[]): string {
  const each = lanes.map(lane => `${NAMES[lane.architecture]}: ${Math.round(lane.points.at(-1)?.tokens ?? 0)} tokens`);
  return `Tokens over time. ${each.join('. ')}`;
}

/** About four round values from 0 up to this. */
function steps(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(one => one * power).find(one => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}
