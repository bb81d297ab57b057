-- SPDX-License-Identifier: MIT
-- A host may have set any locale: in a Turkish one `I` and `i` are no pair of letters, in many a fraction has a comma.

local fault = require "spec.support.fault"
local locales = require "spec.support.locales"
local rows = require "spec.support.rows"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local names = { "tr_TR.UTF-8", "tr_TR.ISO-8859-9", "de_DE.UTF-8" }
local wide = "ps_AF.UTF-8" -- whose decimal point has two bytes

describe("in the locale", function()
  local folder, why

  local server = with_service.fault_server()

  setup(function()
    local all = { wide }
    for index, name in ipairs(names) do all[index + 1] = name end
    folder, why = locales.make(all)
  end)

  -- Runs the code in a process whose locale has that name, against a server that gives these answers. Returns what it
  -- printed, and the requests.
  local function run(name, answers, code, is_set_late)
    if not folder then return pending(why) end
    local steps = {}
    for _, answer in ipairs(answers) do
      steps[#steps + 1] = { "request" }
      steps[#steps + 1] = { "send", answer }
    end
    local played = server.script { steps }
    local set = ("assert(os.setlocale(%q))\n"):format(name)
    local load = 'local uploads = require("openai_uploads").new { retry_delay = 0.001, proxy = "" }\n'
    local result = script.run((is_set_late and load .. set or set .. load) .. "local print = io.write\n" .. code, {
      LOCPATH = folder, OPENAI_BASE_URL = played.base_url, OPENAI_API_KEY = "sk-of-the-environment",
    })
    local requests = played.seen().requests
    played.close()
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    return result.stdout, requests
  end

  local function refusal(headers, body)
    return fault.answer(404, body or '{"error":{"message":"No such Upload"}}', headers)
  end

  for _, name in ipairs(names) do
    describe(name, function()
      it("an answer's headers are found whatever their case", function()
        local printed = run(name, { refusal { ["X-REQUEST-ID"] = "req_42", LOCATION = "x" } }, [[
          local _, failure = uploads.cancel "upload_1"
          print(failure.request_id, " ", failure.headers["x-request-id"], " ", failure.headers.location)]])
        assert.are.equal("req_42 req_42 x", printed)
      end)

      it("a redirect names its location", function()
        local printed = run(name, { fault.answer(302, "", { LOCATION = "https://a.example/" }) },
          'print(select(2, uploads.cancel "upload_1").location)')
        assert.are.equal("https://a.example/", printed)
      end)

      it("a header of one's own is ours, whatever its case: it is sent once, and its key is not told", function()
        local printed, requests = run(name, { refusal(nil, "You sent sk-my-own-secret-1234") }, [[
          local headers = { AUTHORIZATION = "Bearer sk-my-own-secret-1234" }
          local _, failure = uploads.cancel("upload_1", { headers = headers })
          print(tostring(failure), " ", failure.body)]])
        assert.is_nil(printed:find("secret", 1, true), printed)
        assert.is_truthy(requests[1]:find("AUTHORIZATION: Bearer sk-my-own-secret-1234", 1, true))
      end)

      for _, header in ipairs { "TRANSFER-ENCODING", "CONNECTION", "Content-Length" } do
        it(("a %s of one's own is refused"):format(header), function()
          local printed, requests = run(name, {},
            ('print(select(2, uploads.cancel("upload_1", { headers = { [%q] = "x" } })).kind)'):format(header))
          assert.are.equal("configuration", printed)
          assert.are.same({}, requests)
        end)
      end

      it("a file's type is known whatever the case of its ending", function()
        local created = fault.answer(200, '{"id":"upload_1","object":"upload","status":"pending"}')
        local _, requests = run(name, { created, rows.good_answer, rows.good_answer },
          'uploads.upload_file_chunked { data = "x", filename = "A.GIF", purpose = "vision" }')
        assert.is_truthy(requests[1]:gsub("\\/", "/"):find("image/gif", 1, true), requests[1])
      end)

      for _, set in ipairs { { "before", false }, { "after", true } } do
        describe("set " .. set[1] .. " the module is loaded", function()
          local function upload(fields)
            return fault.answer(200, '{"id":"upload_1","object":"upload",' .. fields .. "}")
          end

          it("fractions are read", function()
            assert.are.equal("true", (run(name, { upload '"ratio":1.5,"list":[0.25,1]' }, [[
              local upload, failure = uploads.cancel "upload_1"
              print(tostring(upload and upload.ratio == 3 / 2 and upload.list[1] == 1 / 4 or failure))]], set[2])))
          end)

          it("fractions are sent", function()
            local _, requests = run(name, { upload '"bytes":1' }, [[
              uploads.create { filename = "a", purpose = "b", bytes = 1, mime_type = "c", more = { ratio = 1.5 } }
            ]], set[2])
            assert.is_truthy(requests[1]:find('"ratio":1.5}', 1, true), requests[1])
          end)

          it("a wait that the service asks for is read", function()
            local printed = run(name, { fault.answer(429, "", { ["Retry-After"] = "61.5" }) },
              'print(tostring(select(2, uploads.cancel("upload_1")).retry_after == 61 + 1 / 2))', set[2])
            assert.are.equal("true", printed)
          end)
        end)
      end
    end)
  end

  -- cjson ends the process when it learns of such a point.
  it("whose decimal point cjson cannot learn, an answer with a fraction is a failure, and the process lives", function()
    local answer = fault.answer(200, '{"id":"upload_1","object":"upload","ratio":1.5}')
    local printed = run(wide, { answer }, 'print(select(2, uploads.cancel "upload_1").kind)', true)
    assert.are.equal("decode", printed)
  end)

  it("of C again, after another one when the module was loaded, fractions are read", function()
    local answer = fault.answer(200, '{"id":"upload_1","object":"upload","ratio":1.5}')
    assert.are.equal("1.5", (run("de_DE.UTF-8", { answer }, [[
      os.setlocale "C"
      print(tostring(assert(uploads.cancel "upload_1").ratio))]])))
  end)
end)
