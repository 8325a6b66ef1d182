import { defineSimulator, ministryRegistry, type SimulatorDefinition } from '#kit/testing';
import { construction } from './simulator/construction.ts';
import { eReceipt } from './simulator/e-receipt.ts';
import { population } from './simulator/population.ts';
import { routesOf } from './simulator/server.ts';
import { sms } from './simulator/sms.ts';
import { transport } from './simulator/transport.ts';

/** Two ministries, the population database, electronic receipts and text messages at addresses of one server. A citizen's dossier advances one step every `stepMs`. */
export function ministriesSimulator({ stepMs = 2_000 } = {}): SimulatorDefinition {
  return defineSimulator<ministryRegistry.Registry>({
    state: ministryRegistry.createRegistry,
    expireSessions: ({ sessions }) => sessions.clear(),
    routes: [
      ...routesOf(construction(stepMs), 'construction.wsdl'),
      ...routesOf(transport(stepMs), 'transport.wsdl'),
      ...population(),
      ...eReceipt(),
      ...sms(),
    ],
  });
}

export default ministriesSimulator();
