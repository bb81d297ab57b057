-- SPDX-License-Identifier: MIT
-- A client_key that is encrypted: opened with client_key_password, and never by asking on a terminal.

local check = require "spec.support.check"
local cli = require "spec.support.cli"
local with_service = require "spec.support.with_service"

local password = "word-of-the-key"

describe("an encrypted client_key", function()
  local folder

  local function shell(line)
    local ended = os.execute(("unset LD_PRELOAD; cd %s && { %s; } >/dev/null 2>&1"):format(folder, line))
    assert(ended == 0 or ended == true, line)
  end

  local service = with_service.emulator()

  setup(function()
    folder = io.popen("mktemp -d"):read "*l"
    local key, with_password = service.client_key, " -passout pass:" .. password
    shell(("openssl pkcs8 -topk8 -v2 aes-256-cbc -in %s -out pkcs8 %s"):format(key, with_password))
    shell(("openssl ec -aes256 -in %s -out traditional %s"):format(key, with_password))
    shell(("cat %s pkcs8 > both"):format(service.client_cert))
  end)

  teardown(function() os.execute("rm -r " .. folder) end)

  local function own(name) return { client_cert = service.client_cert, client_key = folder .. "/" .. name } end

  local forms = {
    { "in PKCS #8", function() return own "pkcs8" end, "client_key" },
    { "in OpenSSL's own form", function() return own "traditional" end, "client_key" },
    { "in client_cert", function() return { client_cert = folder .. "/both" } end, "client_cert" },
  }

  local function cancel(settings)
    local all = check.merged({ base_url = service.tls.client_certificate, max_retries = 2 }, settings)
    return check.client(service, all).cancel(service.make_uploads(1)[1])
  end

  for _, form in ipairs(forms) do
    it(form[1] .. " is opened with its password", function()
      local upload, failure = cancel(check.merged(form[2](), { client_key_password = password }))
      assert.is_nil(failure)
      assert.are.equal("cancelled", upload.status)
    end)

    local words = {
      { "without a password", {}, "is encrypted: set client_key_password" },
      { "with an empty one", { client_key_password = "" }, "is encrypted: set client_key_password" },
      { "with another one", { client_key_password = password .. "!" },
        "is encrypted, and client_key_password does not open it" },
    }
    for _, row in ipairs(words) do
      it(("%s is a failure in plain words, and not tried again, %s"):format(form[1], row[1]), function()
        local failure = check.failure("tls", cancel(check.merged(form[2](), row[2])))
        check.holds("the key in " .. form[3], failure.message)
        check.holds(row[3], failure.message)
        check.lacks(password, check.all_text(failure))
        assert.are.same({ 1, false }, { failure.attempts, failure.may_have_applied })
        check.nothing_sent(service)
      end)
    end
  end

  it("does no harm to one that is not", function()
    local settings = { client_cert = service.client_cert, client_key = service.client_key }
    assert(cancel(settings))
    assert(cancel(check.merged(settings, { client_key_password = password })))
  end)

  describe("on a terminal", function()
    local want = cli.want_of_terminal()
    if want then return pending(want) end

    for _, name in ipairs { "pkcs8", "traditional" } do
      it("is not asked for: " .. name, function()
        local program = cli.write_file(folder .. "/program.lua", [[
          local uploads = require("openai_uploads").new { ca_file = arg[1], client_cert = arg[2], client_key = arg[3],
            timeout = 1 }
          io.write(tostring(select(2, uploads.cancel "upload_1")))
        ]])
        local result = cli.start_on_terminal(
          { service.ca_file, service.client_cert, folder .. "/" .. name },
          { OPENAI_BASE_URL = service.tls.client_certificate }, 80, nil, program).finish()
        check.holds("tls: the key in client_key", result.stdout)
        assert.are.same({ "", 0 }, { result.shown, result.status })
      end)
    end
  end)
end)
