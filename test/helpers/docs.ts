/** The contents of a page's code fences in some languages. */
export function fences(page: string, ...languages: string[]): string[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter((fence) => languages.includes(fence[1] as string))
    .map((fence) => fence[2] as string);
}
