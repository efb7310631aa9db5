// What the environment says, checked before anything starts.
import { z } from 'zod';

const Settings = z.object({
  HEARTBEAT_NAME: z.string().min(1).default('heartbeat'),
  HEARTBEAT_INTERVAL_MS: z.coerce.number().int().min(10).max(60_000).default(1000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export interface Settings {
  name: string;
  intervalMs: number;
  logLevel: string;
}

/** Reads the settings; throws with the name of the variable that is wrong. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const { HEARTBEAT_NAME, HEARTBEAT_INTERVAL_MS, LOG_LEVEL } = Settings.parse(environment);
  return { name: HEARTBEAT_NAME, intervalMs: HEARTBEAT_INTERVAL_MS, logLevel: LOG_LEVEL };
}
