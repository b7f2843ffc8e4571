const margin = { left: 140, right: 30, top: 30, bottom: 70 };

/** Draws the loss of every run against the epoch, on a logarithmic scale. */
export function plot(canvas, runs, epochs) {
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  const all = runs.flatMap(({ losses }) => losses);
  const low = Math.floor(Math.log10(Math.min(...all)));
  const high = Math.ceil(Math.log10(Math.max(...all)) + 0.01);
  const xOf = (epoch) => margin.left + ((width - margin.left - margin.right) * (epoch - 1)) / Math.max(1, epochs - 1);
  const yOf = (loss) =>
    margin.top + ((height - margin.top - margin.bottom) * (high - Math.log10(loss))) / Math.max(1, high - low);
  context.clearRect(0, 0, width, height);
  context.font = "24px system-ui, sans-serif";
  drawAxes(context, { width, height, low, high, epochs, xOf, yOf });
  runs.forEach(({ name, color, losses }, k) => {
    context.strokeStyle = color;
    context.fillStyle = color;
    context.lineWidth = 4;
    context.beginPath();
    losses.forEach((loss, i) => context.lineTo(xOf(i + 1), yOf(loss)));
    context.stroke();
    context.textAlign = "right";
    context.fillText(name, width - margin.right - 20, margin.top + 40 + 36 * k);
  });
}

function drawAxes(context, { width, height, low, high, epochs, xOf, yOf }) {
  context.strokeStyle = "#ddd";
  context.fillStyle = "#555";
  context.lineWidth = 2;
  context.textAlign = "right";
  for (let power = low; power <= high; ++power) {
    const y = yOf(10 ** power);
    context.beginPath();
    context.moveTo(margin.left, y);
    context.lineTo(width - margin.right, y);
    context.stroke();
    context.fillText(String(10 ** power), margin.left - 12, y + 8);
  }
  context.textAlign = "center";
  for (const epoch of new Set([1, Math.ceil(epochs / 2), epochs])) context.fillText(String(epoch), xOf(epoch), height - 36);
  context.fillText("epoch", width / 2, height - 8);
  context.save();
  context.translate(26, height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText("loss", 0, 0);
  context.restore();
}
