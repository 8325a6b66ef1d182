import { loadNodeSoap } from '#kit';
import { ministryAdapter } from '#ministry';
import { transport } from './client.ts';
import { examine } from './examine.ts';
import { settingsProblems } from './problems.ts';
import { Settings } from './settings.ts';

/** Any system with a WSDL. The party's settings describe it. */
export default ministryAdapter({
  settings: Settings,
  transport,
  problems: settingsProblems,
  examine,
  load: loadNodeSoap,
});
