// A thread starts without TypeScript; see signature-thread.ts.
import { register } from 'tsx/esm/api';

register();
await import('./signature-thread.ts');
