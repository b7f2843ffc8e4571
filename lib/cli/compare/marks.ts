// What a panel of the picture shows, as marks of Vega, over the data of plot.ts.

const place = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" } };
const colour = { scale: "colour", field: "name" };
const halo = { stroke: { value: "white" }, strokeWidth: { value: 3 }, strokeJoin: { value: "round" } };
const label = {
  ...place,
  text: { field: "name" },
  dy: { value: -12 },
  align: { value: "center" },
  fontSize: { value: 12 },
  fontWeight: { value: "bold" },
  fill: { value: "black" },
};

/** The marks of the k-th panel, from the ground up: contours, paths, dots on them, start and minimum. */
export const marksOf = (name: string, k: number): object[] => [contours(k), paths(name, k), dots(k), ...labels(k)];

const contours = (k: number) => ({
  type: "path",
  aria: false,
  from: { data: `contours${k}` },
  encode: {
    enter: {
      fill: { scale: "ground", field: "contour.value" },
      stroke: { value: "#9fb1cc" },
      strokeWidth: { value: 0.6 },
    },
  },
  transform: [{ type: "geopath", field: "datum.contour" }],
});

const paths = (name: string, k: number) => ({
  type: "group",
  from: { facet: { name: `path${k}`, data: `paths${k}`, groupby: "name" } },
  marks: [
    {
      type: "line",
      from: { data: `path${k}` },
      encode: {
        enter: {
          ...place,
          stroke: colour,
          strokeDash: { scale: "dash", field: "name" },
          strokeWidth: { scale: "thickness", field: "name" },
          strokeJoin: { value: "round" },
          description: { signal: `"trajectory of " + datum.name + " on ${name}"` },
        },
      },
    },
  ],
});

const dots = (k: number) => ({
  type: "symbol",
  aria: false,
  from: { data: `dots${k}` },
  encode: {
    enter: {
      ...place,
      fill: colour,
      stroke: { value: "white" },
      strokeWidth: { value: 1 },
      size: { scale: "dot", field: "step" },
    },
  },
});

const labels = (k: number) => [
  {
    type: "symbol",
    aria: false,
    from: { data: `labels${k}` },
    encode: {
      enter: {
        ...place,
        shape: { signal: `datum.name == "start" ? "circle" : "cross"` },
        fill: { signal: `datum.name == "start" ? "white" : "black"` },
        stroke: { signal: `datum.name == "start" ? "black" : "white"` },
        strokeWidth: { signal: `datum.name == "start" ? 2 : 1` },
        size: { signal: `datum.name == "start" ? 70 : 110` },
      },
    },
  },
  { type: "text", aria: false, from: { data: `labels${k}` }, encode: { enter: { ...label, ...halo } } },
  { type: "text", from: { data: `labels${k}` }, encode: { enter: label } },
];
