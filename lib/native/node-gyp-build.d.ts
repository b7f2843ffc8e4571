declare module "node-gyp-build" {
  /** Loads the addon of a package: its own build first, then its prebuilt binary for this platform. */
  function load(folder: string): unknown;
  namespace load {
    /** The file that `load` would load. */
    function path(folder: string): string;
  }
  export = load;
}
