-- SPDX-License-Identifier: MIT
-- The MIME types of files that people send to OpenAI, by extension. They are those that its documentation lists for
-- file inputs, fine-tuning, batches, assistants and vision, and a few related ones. Every other file is
-- application/octet-stream.

local mime_types = {
  -- documents
  doc = "application/msword", dot = "application/msword",
  docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  odt = "application/vnd.oasis.opendocument.text", pages = "application/vnd.apple.pages", pdf = "application/pdf",
  rtf = "application/rtf",
  -- presentations
  key = "application/vnd.apple.keynote", pot = "application/vnd.ms-powerpoint",
  ppa = "application/vnd.ms-powerpoint", pps = "application/vnd.ms-powerpoint",
  ppt = "application/vnd.ms-powerpoint",
  pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  -- tables
  csv = "text/csv", iif = "text/x-iif", parquet = "application/vnd.apache.parquet", tsv = "text/tsv",
  xla = "application/vnd.ms-excel", xlb = "application/vnd.ms-excel", xlc = "application/vnd.ms-excel",
  xlm = "application/vnd.ms-excel", xls = "application/vnd.ms-excel",
  xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlt = "application/vnd.ms-excel",
  xlw = "application/vnd.ms-excel",
  -- text
  conf = "text/plain", def = "text/plain", dic = "text/plain", eml = "message/rfc822", htm = "text/html",
  html = "text/html", ics = "text/calendar", ifb = "text/calendar", ["in"] = "text/plain", list = "text/plain",
  log = "text/plain", markdown = "text/markdown", md = "text/markdown", mht = "message/rfc822",
  mhtml = "message/rfc822", mime = "message/rfc822", nws = "message/rfc822", rst = "text/x-rst", srt = "text/srt",
  tex = "text/x-tex", text = "text/plain", txt = "text/plain", vcf = "text/x-vcard", vtt = "text/vtt",
  -- data
  graphql = "application/graphql", ini = "text/x-ini", json = "application/json", json5 = "application/json5",
  jsonl = "text/jsonl", ndjson = "application/x-ndjson", properties = "text/x-properties",
  proto = "text/x-protobuf", toml = "application/toml", xml = "text/xml", yaml = "application/yaml",
  yml = "application/yaml",
  -- source
  asm = "text/x-asm", awk = "text/x-awk", bash = "text/x-bash", bat = "text/plain", c = "text/x-c",
  cc = "text/x-c++", clj = "text/x-clojure", cmake = "text/x-cmake", cpp = "text/x-c++", cs = "text/x-csharp",
  css = "text/css", cxx = "text/x-c++", dart = "text/x-dart", diff = "text/x-diff", ejs = "text/x-ejs",
  erb = "text/x-erb", erl = "text/x-erlang", ex = "text/x-elixir", exs = "text/x-elixir", go = "text/x-golang",
  gradle = "text/x-gradle", groovy = "text/x-groovy", h = "text/x-c", hcl = "text/x-hcl", hh = "text/x-c++",
  hpp = "text/x-c++", hs = "text/x-haskell", java = "text/x-java", jl = "text/x-julia", js = "text/javascript",
  jsx = "text/jsx", ksh = "text/x-shellscript", kt = "text/x-kotlin", less = "text/x-less", lisp = "text/x-lisp",
  lua = "text/x-lua", m = "text/x-objectivec", mjs = "text/javascript", mk = "text/x-makefile",
  mm = "text/x-objectivec++", patch = "text/x-patch", php = "text/x-php", pl = "text/x-perl",
  ps1 = "application/x-powershell", pug = "text/x-pug", py = "text/x-python", r = "text/x-r", rb = "text/x-ruby",
  rs = "text/x-rust", s = "text/x-asm", sass = "text/x-sass", scala = "text/x-scala", scss = "text/x-scss",
  sh = "application/x-sh", sql = "application/x-sql", swift = "text/x-swift", tf = "text/x-terraform",
  ts = "application/typescript", tsx = "text/tsx", vbs = "text/vbscript", zsh = "text/x-zsh",
  -- pictures, sound, films
  flac = "audio/flac", gif = "image/gif", jpeg = "image/jpeg", jpg = "image/jpeg", m4a = "audio/mp4",
  mp3 = "audio/mpeg", mp4 = "video/mp4", mpeg = "video/mpeg", mpga = "audio/mpeg", oga = "audio/ogg",
  ogg = "audio/ogg", png = "image/png", wav = "audio/wav", webm = "video/webm", webp = "image/webp",
  -- archives
  gz = "application/gzip", tar = "application/x-tar", zip = "application/zip",
}

-- Lowers only A to Z, because string.lower follows the locale of the host.
local function lower(letter) return string.char(letter:byte() + 32) end

--- Returns the type for a file name. An unknown extension is not an error.
return function(filename)
  local extension = filename:match "%.([A-Za-z0-9]+)$"
  return extension and mime_types[extension:gsub("[A-Z]", lower)] or "application/octet-stream"
end
