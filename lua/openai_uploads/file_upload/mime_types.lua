-- SPDX-License-Identifier: MIT
-- The MIME types of files that people send to OpenAI, by extension: those that its documentation lists for
-- fine-tuning, batches, assistants and vision, and a few neighbours.

return {
  c = "text/x-c", cpp = "text/x-c++", cs = "text/x-csharp", css = "text/css", csv = "text/csv",
  doc = "application/msword",
  docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  flac = "audio/flac", gif = "image/gif", go = "text/x-golang", gz = "application/gzip",
  html = "text/html", htm = "text/html", java = "text/x-java", jpeg = "image/jpeg", jpg = "image/jpeg",
  js = "text/javascript", json = "application/json", jsonl = "text/jsonl", lua = "text/x-lua",
  m4a = "audio/mp4", md = "text/markdown", mp3 = "audio/mpeg", mp4 = "video/mp4", mpeg = "video/mpeg",
  ogg = "audio/ogg", parquet = "application/vnd.apache.parquet", pdf = "application/pdf", php = "text/x-php",
  pkl = "application/octet-stream", png = "image/png",
  pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  py = "text/x-python", rb = "text/x-ruby", sh = "application/x-sh", tar = "application/x-tar",
  tex = "text/x-tex", ts = "application/typescript", txt = "text/plain", wav = "audio/wav", webm = "video/webm",
  webp = "image/webp",
  xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml = "text/xml", yaml = "application/yaml", yml = "application/yaml", zip = "application/zip",
}
