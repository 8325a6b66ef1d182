/** From a second to a month. Sources that report late do so by days. */
export const SOURCE_DELAY_BUCKETS_S = [
  1,
  5,
  30,
  120,
  600,
  3_600,
  14_400,
  43_200,
  86_400,
  3 * 86_400,
  7 * 86_400,
  30 * 86_400,
];
