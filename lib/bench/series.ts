// The lines of a plot: who is drawn, under which name, and how, the same in every panel.
import { fills, marks, type Fill, type Mark } from "./marks";
import type { Result } from "./measure";

export interface Series {
  readonly name: string;
  readonly style: Style;
  /** By size. */
  readonly points: readonly Result[];
}

/** Who runs has a colour and a mark; memory and threads have a dash and a fill. */
export interface Style {
  readonly colour: string;
  /** null: the memory baseline's. */
  readonly mark: Mark | null;
  readonly fill: Fill;
  /** "" is a whole line. */
  readonly dash: string;
}

/** Colours that people tell apart whatever they see of colour, and dark enough on white (Okabe and Ito). */
const colours = ["#0072b2", "#d55e00", "#007a5a", "#a63d80", "#8a6100", "#5c5c5c", "#3d2f9e"];
const dashes = ["", "5 4", "12 3 2 3", "2 3", "16 4"];

const isLimit = ({ optimizer }: Result): boolean => optimizer === "limit";
const isOurs = (one: Result): boolean => !isLimit(one) && !/^(javascript|tfjs|torch|ruvector)/.test(one.backend);

/** Who runs: the same for every optimizer of ours. */
const whoOf = (one: Result): string => (isLimit(one) ? "limit" : isOurs(one) ? one.backend : `${one.optimizer} ${one.backend}`);

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];

/** What makes series of the results of one panel, with the styles that they have in all panels. */
export function seriesIn(all: readonly Result[]): (panel: readonly Result[]) => Series[] {
  const who = unique(all.filter((one) => !isLimit(one)).map(whoOf));
  const bothMemories = unique(all.filter(isOurs).map(({ memory }) => memory)).length > 1;
  const memories = bothMemories ? (["allocated", "ordinary"] as const) : [undefined];
  const threads = unique(all.map((one) => one.threads)).sort((a, b) => a - b);
  const manners = threads.flatMap((count) => memories.map((memory) => ({ count, memory })));
  const mannerOf = (one: Result): number =>
    manners.findIndex(({ count, memory }) => count === one.threads && (memory === undefined || memory === one.memory));

  const styleOf = (one: Result): Style => {
    const [k, manner] = [who.indexOf(whoOf(one)), Math.max(0, mannerOf(one))];
    const look = { fill: fills[manner % fills.length] as Fill, dash: dashes[manner % dashes.length] as string };
    if (isLimit(one)) return { ...look, colour: "#000000", mark: null };
    return { ...look, colour: colours[k % colours.length] as string, mark: marks[k % marks.length] as Mark };
  };
  const nameOf = (one: Result): string =>
    [
      isLimit(one) ? "memory baseline" : isOurs(one) ? one.backend : one.optimizer,
      ...(one.backend.startsWith("tfjs") ? [one.backend.slice(5)] : []),
      ...(isOurs(one) && bothMemories ? [one.memory] : []),
      ...(one.threads > 1 ? [`${one.threads} threads`] : []),
    ].join(", ");

  return (panel) =>
    unique(panel.map(nameOf)).map((name) => {
      const points = panel.filter((one) => nameOf(one) === name).sort((a, b) => a.parameters - b.parameters);
      return { name, style: styleOf(points[0] as Result), points };
    });
}
