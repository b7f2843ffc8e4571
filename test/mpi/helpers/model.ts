/** What scripts of failures begin with: a model on every rank, and `attempt`, which says how a step ended and whether it changed anything. */
export const model = (timeout = 20, more = ""): string => `
  const world = await mpi.world({ timeout: ${timeout}, ${more} });
  const { rank } = world;
  const data = Float32Array.from({ length: 30000 }, (_, i) => Math.sin(i));
  const weight = adabelief.parameter(data, { name: "weight", grad: new Float32Array(30000).fill(0.1) });
  const bias = adabelief.parameter(new Float32Array(10), { name: "bias", grad: new Float32Array(10).fill(0.1) });
  const inner = new adabelief.Adam([weight, bias], { lr: 1e-2 });
  const optimizer = new Sharded(inner, world, { bucket: 9000 });
  const attempt = async (act) => {
    const before = hashOf(weight.data, bias.data);
    const report = await act().then((done) => done, ({ code, message }) => ({ code, message }));
    return { ...report, changed: hashOf(weight.data, bias.data) !== before };
  };
  await optimizer.step();
`;
