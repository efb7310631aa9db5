// A worker that says once a second that it is alive, and how often it has said so.
import { pino } from 'pino';

import { startHeart } from '@heartbeat/heart';
import { readSettings } from '@heartbeat/settings';

const settings = readSettings(process.env);
const log = pino({ name: settings.name, level: settings.logLevel });

const heart = startHeart(settings.intervalMs, (beats) => {
  log.info({ beats, node: process.version }, 'heartbeat');
});

process.on('SIGTERM', () => {
  heart.stop();
  log.info({ beats: heart.beats() }, 'received SIGTERM, finishing');
  log.flush();
  process.exit(0);
});
