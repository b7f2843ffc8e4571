import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { PNG } from "pngjs";

/** Writes square images, one after another in `pixels` with values from 0 to 1, as a grey PNG of `columns` columns. */
export function writeSheet(path, pixels, { width, columns, zoom = 2, gap = 2 }) {
  const count = pixels.length / width ** 2;
  const cell = width * zoom + gap;
  const size = { width: columns * cell + gap, height: Math.ceil(count / columns) * cell + gap };
  const grey = { colorType: 0, inputColorType: 0, inputHasAlpha: false };
  const sheet = new PNG(size);
  sheet.data = Buffer.alloc(size.width * size.height, 96); // between the images
  for (let k = 0; k < count; ++k) {
    const corner = (gap + Math.floor(k / columns) * cell) * size.width + gap + (k % columns) * cell;
    for (let y = 0; y < width * zoom; ++y) {
      for (let x = 0; x < width * zoom; ++x) {
        const pixel = pixels[k * width ** 2 + Math.floor(y / zoom) * width + Math.floor(x / zoom)];
        sheet.data[corner + y * size.width + x] = Math.round(255 * pixel);
      }
    }
  }
  writeFileSync(path, PNG.sync.write(sheet, grey));
}
