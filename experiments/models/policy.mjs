import { relu } from "../graph/index.mjs";
import { linear } from "./layers.mjs";

/** Logits of the actions in each state, by a network with one hidden layer. */
export const policy = (scope, states, { hidden, actions }) =>
  linear(scope.child("actions"), relu(linear(scope.child("hidden"), states, hidden)), actions);
