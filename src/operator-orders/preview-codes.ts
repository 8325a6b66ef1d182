import type { HubContext } from '../process/hub-context.ts';
import type { CodeLine } from './code-orders.ts';
import {
  type EffectItem,
  type EffectOptions,
  type MappingEffect,
  type MappingEffectDeps,
  tryMapping,
} from './mapping-effect.ts';

/** The effect that a line of a code table would have had on a party's recent messages. */
export interface CodePreview extends Pick<MappingEffect, 'looked' | 'waiting'> {
  /** Unmapped items that would have been applied, and items that would have differed. */
  readonly freed: number;
  readonly changed: number;
  /** The parties that the routes would have sent these items to. */
  readonly told: readonly string[];
  /** The released and changed items of the page. */
  readonly items: readonly Pick<EffectItem, 'code' | 'messageId' | 'item' | 'changes'>[];
}

const PREVIEWED: Pick<EffectOptions, 'kindsShown'> = { kindsShown: ['readable', 'changed'] };

/** The effect of one line. Changes nothing. */
export async function previewCode(
  hub: Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'>,
  deps: MappingEffectDeps,
  { party, ...line }: CodeLine,
  options: Pick<EffectOptions, 'days' | 'page' | 'mostMs'>,
): Promise<CodePreview> {
  const { looked, waiting, counts, recipients, items } = await tryMapping(
    hub,
    deps,
    { party, lines: [line] },
    { ...PREVIEWED, ...options },
  );
  return {
    looked,
    freed: counts.readable,
    changed: counts.changed,
    told: recipients.map((one) => one.party),
    waiting,
    items: items.map(({ code, messageId, item, changes }) => ({ code, messageId, item, changes })),
  };
}
