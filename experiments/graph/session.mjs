// Hands a graph to onnxruntime.
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import onnxProto from "onnx-proto";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** Name and version of what computes the gradients. */
export const engine = {
  name: "onnxruntime-node",
  version: createRequire(import.meta.url)("onnxruntime-node/package.json").version,
};

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;
const elementTypes = {
  float32: TensorProto.DataType.FLOAT,
  int32: TensorProto.DataType.INT32,
  int64: TensorProto.DataType.INT64,
};
const floatAttributes = new Set(["alpha", "epsilon"]);

function encodeAttribute([name, value]) {
  if (Array.isArray(value)) return { name, ints: value, type: AttributeProto.AttributeType.INTS };
  if (typeof value === "string") return { name, s: Buffer.from(value), type: AttributeProto.AttributeType.STRING };
  return floatAttributes.has(name)
    ? { name, f: value, type: AttributeProto.AttributeType.FLOAT }
    : { name, i: value, type: AttributeProto.AttributeType.INT };
}

const encodeNode = ({ attributes, ...rest }) => ({ ...rest, attribute: Object.entries(attributes).map(encodeAttribute) });

const encodeInitializer = ({ name, type, shape, numbers }) => ({
  ...{ name, dims: shape, dataType: elementTypes[type] },
  ...(type === "float32" ? { floatData: numbers } : { int64Data: numbers }),
});

const describe = ({ name, shape, type }) => ({
  name,
  type: { tensorType: { elemType: elementTypes[type], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
});

/** The nodes and initializers that the outputs depend on. */
function prune({ nodes, initializers, outputs }) {
  const needed = new Set([...outputs.keys()].map(({ name }) => name));
  const kept = nodes.toReversed().filter(({ input, output }) => {
    const isNeeded = output.some((name) => needed.has(name));
    if (isNeeded) for (const name of input) needed.add(name);
    return isNeeded;
  });
  return { nodes: kept.reverse(), initializers: initializers.filter(({ name }) => needed.has(name)) };
}

function encodeModel(whole) {
  const { inputs, outputs } = whole;
  const { nodes, initializers } = prune(whole);
  const graph = {
    name: "graph",
    node: nodes.map(encodeNode),
    initializer: initializers.map(encodeInitializer),
    input: [...inputs.values()].map(describe),
    output: [...outputs.keys()].map(describe),
  };
  const opsetImport = [{ version: 18 }, { domain: "com.microsoft", version: 1 }];
  return ModelProto.encode({ irVersion: 8, opsetImport, graph }).finish();
}

export class Session {
  #session;
  #sources; // [source, value] of each input
  #feeds = {};
  #fetches;

  static async create(graph, threads) {
    const session = new Session();
    session.#session = await InferenceSession.create(encodeModel(graph), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      // onnxruntime's threads and the optimizer's take turns: idle ones should sleep, not spin.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    session.#sources = [...graph.inputs];
    session.#fetches = Object.fromEntries(
      [...graph.outputs].map(([value, array]) => [value.name, new Tensor(value.type, array, value.shape)]),
    );
    return session;
  }

  async run() {
    // A source's array may be replaced between runs.
    for (const [{ data }, { name, type, shape }] of this.#sources)
      if (this.#feeds[name]?.data !== data) this.#feeds[name] = new Tensor(type, data, shape);
    await this.#session.run(this.#feeds, this.#fetches);
  }
}
