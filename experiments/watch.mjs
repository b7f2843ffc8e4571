// What a person sees while a queue runs: estimates, a line for each finished training, a bar with the time left.
import { progressBar } from "../examples/shared/progress.mjs";
import { lossOf, nameOf } from "./jobs.mjs";
import { scores } from "./sizes.mjs";

export function formatTime(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export function describeScore(result) {
  const { key } = scores[result.job.task];
  return lossOf(result) === Infinity ? "diverged" : `${key} ${result.final[key].toPrecision(4)}`;
}

export class Watch {
  #workers;
  #secondsOf; // job → estimated seconds
  #bar;
  #total = 0;
  #finished = 0; // estimated seconds of finished jobs
  #running = new Map(); // job → share done
  #started;

  constructor(workers, secondsOf) {
    this.#workers = workers;
    this.#secondsOf = secondsOf;
  }

  begin(jobs) {
    this.#total = jobs.reduce((sum, job) => sum + this.#secondsOf(job), 0);
    this.#finished = 0;
    this.#started = performance.now();
    const wall = formatTime(this.#total / this.#workers);
    console.log(`${jobs.length} trainings, about ${wall} on ${this.#workers} ${this.#workers === 1 ? "core" : "cores"}`);
    this.#bar = progressBar("experiments", Math.max(1, Math.round(this.#total)), "s of work");
    if (jobs.length === 0) this.#bar.stop();
  }

  progress(job, { progress, loss }) {
    this.#running.set(job, progress);
    const done = this.#finished + [...this.#running].reduce((sum, [one, share]) => sum + share * this.#secondsOf(one), 0);
    const elapsed = (performance.now() - this.#started) / 1000;
    const left = done === 0 ? this.#total / this.#workers : (elapsed * (this.#total - done)) / done;
    this.#bar.update(Math.round(done), `${formatTime(left)} left; ${nameOf(job)}, loss ${loss.toPrecision(4)}`);
  }

  end(job, result) {
    this.#close(job);
    this.#print(`${nameOf(job)}: ${describeScore({ job, ...result })}, ${formatTime(result.seconds)}`);
  }

  failed(job, error) {
    this.#close(job);
    this.#print(`${nameOf(job)}: FAILED, ${error.message}`);
  }

  #close(job) {
    this.#running.delete(job);
    this.#finished += this.#secondsOf(job);
    if (Math.abs(this.#finished - this.#total) < 1e-6) this.#bar.stop();
  }

  #print(line) {
    console.log(process.stdout.isTTY ? `\r\x1b[K${line}` : line);
  }
}
