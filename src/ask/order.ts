import type { Asked } from '../kit/asker.ts';

/** One question of one officer to one register. */
export interface AskOrder extends Omit<Asked, 'id'> {
  readonly party: string;
  readonly keyName: string;
}
