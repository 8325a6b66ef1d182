/** Imports for adapters' tests and simulators. Nothing of it runs in the hub. */

export type { WireRecord } from '../http/exchange.ts';
export { contractTest } from './contract/contract-test.ts';
export type { ContractOptions } from './contract/subject.ts';
export { inOldEncoding } from './old-encodings.ts';
export {
  defineSimulator,
  type SimulatorContext,
  type SimulatorDefinition,
  type SimulatorReply,
  type SimulatorRequest,
} from './simulator/definition.ts';
export * as ministryRegistry from './simulator/ministry-registry.ts';
export { type Fault, type Simulator, startSimulator } from './simulator/simulator.ts';
export { type TestConnection, type TestConnectionOptions, testConnection } from './test-connection.ts';
