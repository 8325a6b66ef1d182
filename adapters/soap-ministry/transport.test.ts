import { contractTest } from '#kit';
import adapter from './adapter.ts';
import { connectTo } from './parties/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: connectTo('transport'),
  skip: { 'session-expiry': 'there is no session: each request carries a token of its own' },
});
