import { contractTest } from '#kit';
import adapter from './adapter.ts';
import { connectTo } from './parties/connect.ts';

await contractTest({ folder: import.meta.dirname, adapter, connect: connectTo('health') });
