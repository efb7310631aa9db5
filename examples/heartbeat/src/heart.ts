// The counter and the timer.

export interface Heart {
  /** How often it has beaten. */
  beats(): number;
  /** Beats no more. */
  stop(): void;
}

/** Beats at once and then once per interval, telling the number of beats so far. */
export function startHeart(intervalMs: number, onBeat: (beats: number) => void): Heart {
  let beats = 0;
  const beat = (): void => {
    beats += 1;
    onBeat(beats);
  };
  beat();
  const timer = setInterval(beat, intervalMs);
  return {
    beats: () => beats,
    stop: () => clearInterval(timer),
  };
}
