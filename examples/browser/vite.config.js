export default {
  // In this clone the package is a link to a folder with a copy of TensorFlow.js of its own. The page must have one copy.
  resolve: { dedupe: ["@tensorflow/tfjs-core"] },
  build: { chunkSizeWarningLimit: 4000 },
};
