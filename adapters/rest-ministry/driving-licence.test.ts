import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('driving-licence'),
});
