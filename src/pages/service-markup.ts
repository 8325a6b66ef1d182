import { raw } from 'hono/html';
import { CHANNEL } from '#core/catalogue/service-words';
import type { Service } from '#schemas/service.upsert.v1';
import type { Html } from './layout.ts';

/**
 * The data of a service for search engines (https://schema.org/GovernmentService), in the page's
 * head.
 *
 * It is a data block that no browser executes. Steps, papers and the rest are in CPSV-AP. An unknown fee is left
 * out.
 *
 * @param area the area of the service, such as the province
 */
export function serviceMarkup(service: Service, area: string | undefined): Html {
  const { code, name, fieldName, fields = [], agencies = [], audience = [], channels = [], results = [] } = service;
  const kinds = fields.length > 0 ? fields.map((field) => field.name) : fieldName ? [fieldName] : [];
  const fees = channels.flatMap(({ terms = [] }) => terms.flatMap((term) => term.fees ?? []));
  const offers = fees.flatMap(({ amountVnd, text, description }) =>
    typeof amountVnd === 'number'
      ? [{ '@type': 'Offer', price: amountVnd, priceCurrency: 'VND', description: description ?? text }]
      : [],
  );
  return asData({
    '@context': 'https://schema.org',
    '@type': 'GovernmentService',
    identifier: code,
    name,
    ...some('serviceType', kinds),
    ...some(
      'provider',
      agencies.map((agency) => ({ '@type': 'GovernmentOrganization', identifier: agency.code, name: agency.name })),
    ),
    ...some('areaServed', area === undefined ? [] : [{ '@type': 'AdministrativeArea', name: area }]),
    ...some(
      'audience',
      audience.map((audienceType) => ({ '@type': 'Audience', audienceType })),
    ),
    ...some(
      'availableChannel',
      channels.map(({ channel }) => ({ '@type': 'ServiceChannel', name: CHANNEL[channel][0] })),
    ),
    ...some('offers', offers),
    ...some(
      'serviceOutput',
      results.map((result) => ({ '@type': 'Thing', name: result.name })),
    ),
  });
}

function some(name: string, values: readonly unknown[]): object {
  return values.length > 0 ? { [name]: values } : {};
}

/** Escapes `<`, because a browser ends the block at the first `</script` in it. */
function asData(value: object): Html {
  return raw(`<script type="application/ld+json">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`);
}
