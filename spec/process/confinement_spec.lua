-- SPDX-License-Identifier: MIT
-- A process that makes its client while it loads its configuration, and then enters a chroot or gives up the rights of
-- root, as HAProxy and nginx do.

local built = require "spec.support.built"
local check = require "spec.support.check"
local libcurl = require "spec.support.libcurl"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local prologue = [[
  local confinement = package.loadlib(os.getenv "LIBRARY", "luaopen_confinement")()
  local uploads = require "openai_uploads"
  local ids = {}
  for id in os.getenv "IDS":gmatch "%S+" do ids[#ids + 1] = id end

  local function tell(upload, failure)
    print(upload and upload.status or ("%d: %s"):format(failure.attempts, tostring(failure)))
  end

  local function chroot()
    if not confinement.chroot(os.getenv "FOLDER") then print "not root" os.exit(0) end
  end

  local function drop_rights()
    if not confinement.drop_rights() then print "not root" os.exit(0) end
  end
]]

describe("a process", function()
  local service = with_service.emulator()
  local library, folder, ca_file

  setup(function()
    library = built.library("confinement", true)
    folder, ca_file = os.tmpname(), os.tmpname()
    os.remove(folder)
    assert(os.execute(("mkdir '%s' && install -m 600 '%s' '%s'"):format(folder, service.ca_file, ca_file)))
  end)

  teardown(function()
    os.remove(ca_file)
    os.remove(folder)
  end)

  -- What the program prints. It has the ids of six Uploads.
  local function output_of(code, environment)
    return script.run(prologue .. code, check.merged({
      LIBRARY = library, FOLDER = folder, IDS = table.concat(service.make_uploads(6), " "), OPENAI_API_KEY = check.key,
      OPENAI_BASE_URL = service.tls.http1, CA_FILE = ca_file,
      ASAN_OPTIONS = "detect_leaks=0", -- it cannot look for any in a chroot
    }, environment or {}))
  end

  -- The same, as lines; nil, and the spec is pending, where that cannot be seen here.
  local function lines_of(code, environment)
    if not library then pending "no compiler, or no headers of this Lua" return end
    local output = output_of(code, environment)
    if output.stdout == "not root\n" then pending "only root can give up its rights" return end
    assert.are.equal("", output.stderr)
    local lines = {}
    for line in output.stdout:gmatch "[^\n]+" do lines[#lines + 1] = line end
    return lines
  end

  local confinements = {
    { "entered a chroot", "chroot()" },
    { "gave up the rights to read it", "drop_rights()" },
    { "removed it", 'os.remove(os.getenv "CA_FILE")' },
  }
  for _, row in ipairs(confinements) do
    it("trusts the ca_file that was there when it made its client after it " .. row[1], function()
      local reason = libcurl.takes_no_authorities_from_memory(service)
      if reason then pending(reason) return end
      local copy = os.tmpname()
      assert(os.execute(("install -m 600 '%s' '%s'"):format(ca_file, copy)))
      local lines = lines_of([[
        local client = uploads.new { ca_file = os.getenv "CA_FILE" }
        local before = uploads.new { ca_file = os.getenv "CA_FILE", max_retries = 0 }
        tell(before.cancel(ids[1]))
      ]] .. row[2] .. [[

        tell(before.cancel(ids[2]))
        tell(client.cancel(ids[3]))
        local cancelled = client.cancel_all { ids[4], ids[5], ids[6] }
        for index = 4, 6 do print(cancelled[ids[index] ].status) end
      ]], { CA_FILE = copy })
      os.remove(copy)
      if lines then
        assert.are.same({ "cancelled", "cancelled", "cancelled", "cancelled", "cancelled", "cancelled" }, lines)
      end
    end)
  end

  it("trusts libcurl's own authorities after it entered a chroot", function()
    local reason = libcurl.takes_no_authorities_from_memory(service)
    if reason then pending(reason) return end
    local code = [[
      local client = uploads.new()
      if os.getenv "CONFINED" then chroot() end
      tell(client.cancel(ids[1]))
    ]]
    local free, confined = lines_of(code), lines_of(code, { CONFINED = "1" })
    if not confined then return end
    if free[1]:find "cannot be opened" then pending "no authorities are installed here" return end
    check.holds("1: tls: ", confined[1])
    assert.is_nil(confined[1]:find "cannot be opened")
    check.holds("name the file of a private authority in --ca-file", confined[1])
  end)

  it("that makes its client in a chroot is told what to do", function()
    local lines = lines_of [[
      chroot()
      tell(uploads.cancel(ids[1]))
    ]]
    if not lines then return end
    if not lines[1]:find "libcurl's file" then pending "libcurl knows no file of authorities here" return end
    local said = "^1: tls: libcurl's file of authorities '/.*' cannot be opened: there is no such file; "
      .. "set ca_file, or make the client before a chroot$"
    assert.is_truthy(lines[1]:find(said), lines[1])
  end)

  it("that may start no thread is told so when it looks a name up", function()
    local lines = lines_of([[
      local client = uploads.new { connect_timeout = 0.5, max_retries = 0 }
      confinement.forbid_threads()
      drop_rights()
      tell(client.cancel(ids[1]))
    ]], { OPENAI_BASE_URL = "https://service.invalid/v1" })
    if lines then check.holds("this process may start no thread, and looking a name up needs one", lines[1]) end
  end)
end)
