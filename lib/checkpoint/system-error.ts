// Errors of the file system. They name the path that a caller gave, not the temporary file beside it.

interface SystemError extends Error {
  syscall?: string;
  path?: string;
  dest?: string;
}

/** The same error with the caller's path: "ENOENT: no such file or directory, open 'run.safetensors'". Other errors pass. */
export function withPath(error: unknown, path: unknown): unknown {
  if (typeof error !== "object" || error === null || typeof (error as SystemError).syscall !== "string") return error;
  const system = error as SystemError;
  const given = String(path);
  const isGone = system.syscall === "uv_cwd"; // of which each Node says something else
  const [reason] = isGone ? ["ENOENT: no such file or directory"] : system.message.split(/, (?=[a-z_]+(?: '|$))/);
  const advice = isGone ? ": the working directory was removed, so give an absolute path" : "";
  system.message = `${reason}, ${system.syscall ?? ""} '${given}'${advice}`;
  system.path = given;
  delete system.dest;
  return system;
}
