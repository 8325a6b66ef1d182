import { ministryAdapter } from '#ministry';
import { transport } from './client.ts';
import { settingsProblems } from './problems.ts';
import { Settings } from './settings.ts';

/** Any system that speaks JSON or XML over HTTP. The party's settings describe it. */
export default ministryAdapter({ settings: Settings, transport, problems: settingsProblems });
