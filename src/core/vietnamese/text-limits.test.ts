import { expect, it } from 'vitest';
import { fold, inspectText, unstorable } from './text.ts';

it('long and hostile text takes linear time', () => {
  for (const piece of ['a', 'aù', 'é ', '§', '§ ', '« ', 'á»', 'Ã¡', 'b\u00ad\u00ea', ' ', '\u0301', '\ud800']) {
    const text = `${piece.repeat(200_000)}é`;
    const started = performance.now();
    inspectText(text);
    fold(text);
    unstorable(text);
    expect(performance.now() - started, piece).toBeLessThan(2_000);
  }
});
