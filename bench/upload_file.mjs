// SPDX-License-Identifier: MIT
// usage: upload_file.mjs FOLDER FILE AT_A_TIME BASE_URL
// Sends a file in Parts of 64 MiB by the official client, which npm installed in FOLDER. Prints seconds, and of CPU.
import { createRequire } from "node:module";
import { createReadStream, statSync } from "node:fs";

const [folder, path, atATime, baseURL] = process.argv.slice(2);
const { OpenAI, toFile } = createRequire(`${folder}/`)("openai");
const partBytes = 64 * 1024 * 1024;
const client = new OpenAI({ apiKey: "sk-bench", baseURL, maxRetries: 0 });

// Of the ways to hand a Part over, the fastest that was found: slices of openAsBlob, a Buffer, or streams that read
// less or more at a time took longer.
function partData(index) {
  const start = index * partBytes;
  return toFile(createReadStream(path, { start, end: start + partBytes - 1, highWaterMark: 1024 * 1024 }), "blob");
}

async function uploadFile() {
  const bytes = statSync(path).size;
  const upload = await client.uploads.create({
    filename: "source", purpose: "fine-tune", mime_type: "text/jsonl", bytes,
  });
  const count = Math.ceil(bytes / partBytes);
  const partIds = new Array(count);
  let next = 0;
  async function sendParts() {
    while (next < count) {
      const index = next++;
      partIds[index] = (await client.uploads.parts.create(upload.id, { data: await partData(index) })).id;
    }
  }
  await Promise.all(Array.from({ length: Number(atATime) }, sendParts));
  return client.uploads.complete(upload.id, { part_ids: partIds });
}

const start = process.hrtime.bigint();
const used = process.cpuUsage();
const upload = await uploadFile();
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const cpu = process.cpuUsage(used);
if (upload.status !== "completed") throw new Error(`the Upload is ${upload.status}`);
console.log(seconds, (cpu.user + cpu.system) / 1e6);
