declare module "node-gyp-build" {
  /** Finds the addon of a package: its own build first, then its prebuilt binary for this platform. */
  const load: { path(folder: string): string };
  export = load;
}
