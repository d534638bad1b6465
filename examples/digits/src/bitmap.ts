/** A square grey picture as a data URI: an uncompressed bitmap, whose rows go from the bottom up and are padded to 4 bytes. */
export function bitmap(bytes: Uint8Array, side: number): string {
  const row = Math.ceil(side / 4) * 4;
  const [fileHeader, infoHeader, palette] = [14, 40, 4 * 256];
  const start = fileHeader + infoHeader + palette;
  const file = Buffer.alloc(start + row * side);
  file.write("BM", 0, "latin1");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(start, 10);
  file.writeUInt32LE(infoHeader, 14);
  file.writeInt32LE(side, 18);
  file.writeInt32LE(side, 22);
  file.writeUInt16LE(1, 26); // planes
  file.writeUInt16LE(8, 28); // bits a pixel, into a palette of greys: 0 is white paper
  for (let grey = 0; grey < 256; grey++) file.fill(255 - grey, 54 + 4 * grey, 57 + 4 * grey);
  for (let y = 0; y < side; y++) file.set(bytes.subarray(y * side, (y + 1) * side), start + (side - 1 - y) * row);
  return `data:image/bmp;base64,${file.toString("base64")}`;
}
