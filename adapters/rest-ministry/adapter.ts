import { ministryAdapter } from '#kit';
import { transport } from './client.ts';
import { Settings } from './settings.ts';
import { operationProblems } from './wire.ts';

/** Any system that speaks JSON or XML over HTTP, as its party's settings describe it. */
export default ministryAdapter({ settings: Settings, transport, problems: operationProblems });
