/** Does the same with each input, at most `most` at a time, and returns the results in the order of the inputs. */
export async function atOnce<In, Out>(
  most: number,
  inputs: readonly In[],
  work: (input: In) => Promise<Out>,
): Promise<Out[]> {
  const outs: Out[] = [];
  let at = 0;
  const lane = async (): Promise<void> => {
    while (at < inputs.length) {
      const mine = at++;
      outs[mine] = await work(inputs[mine] as In);
    }
  };
  await Promise.all(Array.from({ length: most }, lane));
  return outs;
}
