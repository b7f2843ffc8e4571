/** The contents of a page's code fences in one language. */
export function fences(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter((fence) => fence[1] === language)
    .map((fence) => fence[2] as string);
}
