// The page's TensorFlow.js: the bundler, or an import map, says which.
import * as core from "@tensorflow/tfjs-core";
import { requireRelease } from "../tfjs/releases";

export const tf = requireRelease(core, "this");
