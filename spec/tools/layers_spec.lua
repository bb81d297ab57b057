-- SPDX-License-Identifier: MIT
-- `make layers` finds each breach of a rule. One copy of the sources breaks all of them at once.
-- Runs once: the check is a shell script.
-- Without a sanitizer: no Lua runs here.

local check = require "spec.support.check"

-- rule, file that gets the line, line
local ROWS = {
  { "a layer includes itself and those below: base, http, uploads, binding", "src/http/transfer.h",
    '#include "uploads/upload_request.h"' },
  { "no Lua outside binding", "src/base/failure.h", "struct lua_State;" },
  { "no curl outside http, curl_global_init in core aside", "src/base/utf8.c", "#include <curl/curl.h>" },
  { "no word of the service below uploads", "src/http/http_request.c", 'char w[] = "OPENAI_API_KEY";' },
  { "curl_easy_setopt in attempt_options.c alone", "src/http/http_attempt.c", "int x = curl_easy_setopt(0, 0, 0);" },
  { "curl_multi_* in engine_multi.c alone", "src/http/http_client.c", "int y = curl_multi_perform(0, 0);" },
  { "the paths of Uploads in upload_request.c alone", "src/binding/lua_client.c", 'char z[] = "/uploads";' },
  { "includes are written with their folder", "src/base/md5.c", '#include "failure.h"' },
  { "no circle of units", "src/base/text_buffer.c", '#include "base/secret_mask.h"' },
  { "functions of a header are named after its file", "src/base/ascii.h", "int strange(void);" },
  { "no global function that only its own unit uses", "src/base/ascii.h", "int ascii_unused(void);" },
  { "no circle of Lua modules", "lua/openai_uploads/plain.lua", 'require "openai_uploads.cancel_all"' },
  { "a Lua layer requires itself and those below: core, loop, openai_uploads, cli", "lua/openai_uploads/guard.lua",
    'require "openai_uploads.cli.output"' },
  { "one exported symbol" },
}

local function run(command)
  local pipe = io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; { " .. command .. "; } 2>&1; echo exit $?")
  local output = pipe:read "*a"
  pipe:close()
  return output
end

describe("make layers", function()
  local folder, output

  setup(function()
    folder = io.popen("mktemp -d"):read "*l"
    run("cp -R src lua bin .ci " .. folder)
    for _, row in ipairs(ROWS) do
      if row[2] then
        local file = assert(io.open(folder .. "/" .. row[2], "a"))
        file:write(row[3], "\n")
        file:close()
      end
    end
    run(("echo 'int other;' | cc -shared -x c -o %s/core.so -"):format(folder))
    output = run(("cd %s && .ci/layers core.so"):format(folder))
  end)

  teardown(function() os.execute("rm -rf " .. folder) end)

  it("says that every rule holds where that is so", function()
    assert.are.equal("layers: every rule holds\nexit 0\n", run ".ci/layers")
  end)

  it("fails where one does not", function() check.holds("exit 1\n", output) end)

  for _, row in ipairs(ROWS) do
    it("finds what breaks: " .. row[1], function()
      local found = output:match(("layers: %s\n(  [^\n]*)"):format((row[1]:gsub("%p", "%%%0"))))
      assert(found, output)
    end)
  end
end)
