/** A median and where the middle four fifths of the samples lie. */
export interface Spread {
  median: number;
  p10: number;
  p90: number;
}

export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    return below + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] as number) - below);
  };
  return { median: at(0.5), p10: at(0.1), p90: at(0.9) };
}

/** Something whose time is taken. */
export interface Contestant {
  readonly name: string;
  /** Called before each of its turns, off the clock. */
  readonly prepare?: () => void;
  readonly run: () => void;
}

/**
 * Times contestants against each other: every repeat gives each of them a turn of about `turn` milliseconds, so that whatever else
 * the machine does falls on all alike. Returns nanoseconds a run, one sample a repeat.
 */
export function race(contestants: readonly Contestant[], repeats: number, turn = 3): Map<string, number[]> {
  const samples = new Map<string, number[]>();
  const runsOf = new Map<string, number>();
  const time = ({ run }: Contestant, runs: number): number => {
    const started = performance.now();
    for (let i = 0; i < runs; ++i) run();
    return (performance.now() - started) * 1e6;
  };
  for (const contestant of contestants) {
    contestant.prepare?.();
    time(contestant, 1);
    let runs = 1;
    for (let spent = time(contestant, runs); spent < turn * 1e6 && runs < 1e6; spent = time(contestant, runs)) {
      runs = Math.ceil(runs * Math.min(10, Math.max(1.5, (turn * 1e6) / Math.max(spent, 1))));
    }
    runsOf.set(contestant.name, runs);
    samples.set(contestant.name, []);
  }
  for (let repeat = 0; repeat < repeats; ++repeat) {
    for (const contestant of contestants) {
      contestant.prepare?.();
      const runs = runsOf.get(contestant.name) as number;
      samples.get(contestant.name)?.push(time(contestant, runs) / runs);
    }
  }
  return samples;
}
