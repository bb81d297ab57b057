-- SPDX-License-Identifier: MIT
-- The rock as users get it: built by LuaRocks from a clean clone, installed into a tree of its own, called from
-- there. Dependencies are the system's, for no rocks server is asked: LuaRocks is told that they are there, or not to
-- ask.
-- Runs once: LuaRocks and make see to the differences of the interpreters.
-- Without a sanitizer: LuaRocks compiles the module by itself.
local with_service = require "spec.support.with_service"

local version = _VERSION:match("%d%.%d")

-- The suite may run under a preloaded sanitizer, which is not for git, gcc and LuaRocks.
local function run(command)
  local clean = "unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS; "
  local pipe = assert(io.popen(clean .. "{ " .. command .. "\n} 2>&1; echo \"status $?\""))
  local output = pipe:read("*a")
  pipe:close()
  return output:match("status (%d+)%s*$") == "0", output
end

-- What the compiler makes faster is not looked at here, and takes it twice as long.
local luarocks = "unset LUA_PATH LUA_CPATH; luarocks CFLAGS='-O0 -fPIC' --lua-version=" .. version

local script = [[
  local uploads = require "openai_uploads"
  assert(package.loaded["openai_uploads.core"])
  local upload = assert(uploads.create { filename = "a", purpose = "batch", bytes = 1, mime_type = "text/plain" })
  print(assert(uploads.cancel(upload.id)).status)
]]

describe("the rock", function()
  local folder, clone

  local service = with_service.emulator()

  setup(function()
    folder = io.popen("mktemp -d"):read("*l")
    clone = folder .. "/clone"
    -- what git would hand out, with what is not committed yet
    assert(run("mkdir " .. clone .. " && git ls-files -co --exclude-standard | tar -cT - | tar -xC " .. clone ..
      " && cd " .. clone .. " && git init -q -b main && git add -A && " ..
      "git -c user.name=spec -c user.email=spec@localhost commit -qm all"))
  end)

  teardown(function() os.execute("rm -rf " .. folder) end)

  -- Calls the module out of `tree` and nowhere else, and returns what the script printed.
  local function call_from(tree)
    local file = assert(io.open(folder .. "/script.lua", "w"))
    file:write(script)
    file:close()
    local paths = ("LUA_PATH='%s/share/lua/%s/?.lua;%s/share/lua/%s/?/init.lua;;' LUA_CPATH='%s/lib/lua/%s/?.so;;'")
      :format(tree, version, tree, version, tree, version)
    return run(("cd /; %s OPENAI_API_KEY=sk-rock OPENAI_BASE_URL=%s %s %s/script.lua"):format(paths, service.base_url,
      os.getenv("TEST_LUA") or "lua" .. version, folder))
  end

  it("is made from a clean clone and works from its own tree", function()
    local tree = folder .. "/made"
    local config = assert(io.open(folder .. "/config.lua", "w"))
    config:write 'rocks_provided = { ["lua-cjson"] = "2.1.0-1", argparse = "0.7.1-1" }'
    config:close()
    assert(run(("cd %s && export LUAROCKS_CONFIG=%s/config.lua && %s make --tree %s"):format(clone, folder, luarocks,
      tree)))
    local ok, output = call_from(tree)
    assert(ok, output)
    assert.matches("cancelled", output)
  end)

  -- LuaRocks' own wrapper around it runs the interpreter that LuaRocks was told of.
  it("has the command, which works from its own tree", function()
    local command = ("cd /; unset LUA_PATH LUA_CPATH; export OPENAI_API_KEY=sk-rock OPENAI_BASE_URL=%s; " ..
      "%s/made/bin/openai-uploads "):format(service.base_url, folder)
    local ok, output = run(command .. "--version")
    assert(ok, output)
    assert.matches("^openai%-uploads " .. require("openai_uploads")._VERSION, output)
    local id = service.make_uploads(1)[1]
    ok, output = run(command .. "cancel " .. id)
    assert(ok, output)
    assert.equal(id .. "  cancelled\nstatus 0\n", output)
    ok, output = run(command .. "cancel " .. id)
    assert.is_false(ok)
    assert.matches("status 20\n$", output)
  end)

  for _, path in ipairs { "man/openai-uploads.1", "completions/openai-uploads.bash" } do
    it("has " .. path, function()
      assert(run(("cmp %s %s/made/lib/luarocks/rocks-*/*/*/%s"):format(path, folder, path)))
    end)
  end

  it("leaves a clone as it was, but for build/", function()
    local _, output = run("cd " .. clone .. " && git status --porcelain")
    assert.equal("status 0\n", output)
  end)

  it("is packed with its sources, and installs from that", function()
    local tree = folder .. "/packed"
    local rockspec = "lua-openai-uploads-scm-1.rockspec"
    local from_clone = ("sed 's|git+https://[^\"]*|git+file://%s|' %s/rockspec/%s > %s"):format(clone, clone, rockspec,
      rockspec)
    local ok, output = run(("cd %s && %s && %s pack %s && %s install --deps-mode=none --tree %s %s"):format(folder,
      from_clone, luarocks, rockspec, luarocks, tree, "lua-openai-uploads-scm-1.src.rock"))
    assert(ok, output)
    ok, output = call_from(tree)
    assert(ok, output)
    assert.matches("cancelled", output)
  end)

  it("is packed as a binary, and installs from that", function()
    local tree = folder .. "/binary"
    local ok, output = run(("cd %s && %s pack --tree %s/made lua-openai-uploads && " ..
      "%s install --deps-mode=none --tree %s lua-openai-uploads-scm-1.linux-*.rock"):format(folder, luarocks, folder,
      luarocks, tree))
    assert(ok, output)
    ok, output = call_from(tree)
    assert(ok, output)
    assert.matches("cancelled", output)
  end)
end)
