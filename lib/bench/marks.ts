// The marks of a plot's lines: their shapes, and how they are filled.

/** Shapes that are told apart at this size, about the origin. */
const paths = {
  circle: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
  square: "M-3.6 -3.6h7.2v7.2h-7.2Z",
  triangle: "M0 -4.6L4.6 3.4H-4.6Z",
  diamond: "M0 -5L5 0L0 5L-5 0Z",
  down: "M0 4.6L4.6 -3.4H-4.6Z",
  plus: "M-1.7 -4.8h3.4v3.1h3.1v3.4h-3.1v3.1h-3.4v-3.1h-3.1v-3.4h3.1Z",
  left: "M-4.8 0L3.4 -4.6V4.6Z",
  right: "M4.8 0L-3.4 -4.6V4.6Z",
  star: "M0 -5.6L1.5 -1.9L5.3 -1.7L2.4 0.8L3.3 4.5L0 2.4L-3.3 4.5L-2.4 0.8L-5.3 -1.7L-1.5 -1.9Z",
  hourglass: "M-4.2 -4.6H4.2L1 0L4.2 4.6H-4.2L-1 0Z",
  bowtie: "M-4.8 -4.2L0 -1L4.8 -4.2V4.2L0 1L-4.8 4.2Z",
  house: "M0 -5L4 -1.2V4.4H-4V-1.2Z",
  bar: "M-1.7 -5h3.4v10h-3.4Z",
  plank: "M-5.2 -1.7h10.4v3.4h-10.4Z",
  dome: "M-4.8 3a4.8 4.8 0 0 1 9.6 0Z",
} as const;

export type Mark = keyof typeof paths;
export const marks = Object.keys(paths) as readonly Mark[];

/** How a mark is filled: whole, hollow, with a point in it, or pale. */
export const fills = ["whole", "hollow", "point", "pale"] as const;
export type Fill = (typeof fills)[number];

/** A mark at a place; a cross where it has none. */
export function drawMark(mark: Mark | null, fill: Fill, colour: string, x: number, y: number): string {
  const at = `transform="translate(${x} ${y})"`;
  if (mark === null) return `<path ${at} d="M-4 -4L4 4M4 -4L-4 4" fill="none" stroke="${colour}" stroke-width="1.6"/>`;
  const inside = fill === "whole" ? `fill="${colour}"` : 'fill="#fff"';
  const drawn = `<path ${at} d="${paths[mark]}" ${inside} stroke="${colour}" stroke-width="1.6"/>`;
  if (fill === "point") return `${drawn}<circle ${at} r="1.6" fill="${colour}"/>`;
  if (fill === "pale") return `${drawn}<path ${at} d="${paths[mark]}" fill="${colour}" fill-opacity="0.4"/>`;
  return drawn;
}
