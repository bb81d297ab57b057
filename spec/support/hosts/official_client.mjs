// SPDX-License-Identifier: MIT
// usage: official_client.mjs FOLDER: makes each call of Uploads and Files with the openai package that npm installed in
// FOLDER, and checks what it returns. The service is that of OPENAI_BASE_URL. Prints a line for each call.
import assert from "node:assert";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const { OpenAI, toFile } = createRequire(resolve(process.argv[2], "package.json"))("openai");
const client = new OpenAI({ maxRetries: 0 });
const data = Buffer.from('{"number": 1}\n'.repeat(1000));

async function all(pages) {
  const ids = [];
  for await (const file of pages) ids.push(file.id);
  return ids;
}

async function contentOf(file) {
  return Buffer.from(await (await client.files.content(file.id)).arrayBuffer());
}

const first = await client.files.create({
  file: await toFile(data, "first.jsonl"), purpose: "batch", expires_after: { anchor: "created_at", seconds: 3600 },
});
assert.deepEqual([first.object, first.bytes, first.filename], ["file", data.length, "first.jsonl"]);
console.log("files.create");
assert.equal((await client.files.retrieve(first.id)).purpose, "batch");
console.log("files.retrieve");
assert.equal((await client.files.waitForProcessing(first.id, { pollInterval: 10 })).status, "processed");
console.log("files.waitForProcessing");
assert.ok((await contentOf(first)).equals(data));
console.log("files.content");
const second = await client.files.create({ file: await toFile(data, "second.jsonl"), purpose: "user_data" });
assert.deepEqual(await all(client.files.list({ limit: 1, order: "asc" })), [first.id, second.id]);
assert.deepEqual(await all(client.files.list({ purpose: "user_data" })), [second.id]);
console.log("files.list");
assert.equal((await client.files.delete(second.id)).deleted, true);
await assert.rejects(client.files.retrieve(second.id), { status: 404 });
console.log("files.delete");

const params = { filename: "whole.jsonl", purpose: "batch", bytes: data.length, mime_type: "application/jsonl" };
const upload = await client.uploads.create(params);
assert.equal(upload.status, "pending");
console.log("uploads.create");
const parts = [];
for (const bytes of [data.subarray(0, 3000), data.subarray(3000)])
  parts.push((await client.uploads.parts.create(upload.id, { data: await toFile(bytes, "part") })).id);
console.log("uploads.parts.create");
const completed = await client.uploads.complete(upload.id, { part_ids: parts });
assert.deepEqual([completed.status, completed.file.bytes], ["completed", data.length]);
assert.ok((await contentOf(completed.file)).equals(data));
console.log("uploads.complete");
const other = await client.uploads.create(params);
assert.equal((await client.uploads.cancel(other.id)).status, "cancelled");
await assert.rejects(client.uploads.complete(other.id, { part_ids: [] }), { status: 400 });
console.log("uploads.cancel");
