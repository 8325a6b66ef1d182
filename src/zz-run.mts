import { pino } from 'pino';
import Type from 'typebox';
import { loadConfig } from '/work/main/src/config.ts';
import { createHub } from '/work/main/src/hub.ts';
import { defineAdapter } from '/work/main/src/kit/adapter.ts';

const config = loadConfig(process.env);
const stub = {
  manifest: {
    name: 'stub',
    title: '',
    description: '',
    kit: '1',
    protocol: '',
    authoritative: true,
    sends: [],
    pulls: [],
  } as any,
  adapter: defineAdapter({ settings: Type.Object({}) }) as any,
  settingsProblems: () => [],
};
const log = pino({ level: process.env.LOG_LEVEL ?? 'info' });
const hub = await createHub(config, config.databaseUrl!, new Map([['stub', stub]]), log);
console.log(await hub.start());
process.on('SIGTERM', () => process.exit(0));
