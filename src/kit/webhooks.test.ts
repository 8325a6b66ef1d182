import { expect, test } from 'vitest';
import { webhookHeaders } from './webhooks.ts';

test('a signature follows the specification, and each secret signs', () => {
  // The example of the Standard Webhooks specification.
  const headers = webhookHeaders(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    '{"test": 2432232314}',
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'another-secret'],
    1_614_265_330_000,
  );
  expect(headers['webhook-timestamp']).toBe('1614265330');
  const [first, second] = (headers['webhook-signature'] as string).split(' ');
  expect(first).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  expect(second).toMatch(/^v1,.{44}$/);
});
