/** The package's version. It stands here, too, because a bundle has no package.json. */
export const version = "0.1.0";
