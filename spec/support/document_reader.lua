-- SPDX-License-Identifier: MIT
-- A reader who follows a document: has a folder for it, with a checkout, some files to send and the programs that are
-- spoken of, and runs its blocks one after the other.

local reader = {}

local LONGEST_RUN = 200 -- seconds, on a machine that does much else
local KEY = "sk-of-the-documents-0123456789"

-- A preloaded sanitizer is for the Lua that loads the module alone.
local sanitizer = { "LD_PRELOAD", "ASAN_OPTIONS", "LSAN_OPTIONS" }

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- What a shell command prints, and its exit status.
local function run(command)
  local pipe = assert(io.popen(("unset %s; { %s\n} 2>&1; printf '\\n%%d' $?"):format(table.concat(sanitizer, " "),
    command)))
  local output, status = pipe:read("*a"):match "^(.*)\n(%d+)$"
  pipe:close()
  return output, tonumber(status)
end
reader.run = run

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function absolute(paths, checkout)
  return (paths:gsub("[^;]+", function(path)
    return path:find "^/" and path or checkout .. "/" .. path:gsub("^%./", "")
  end))
end

-- A program that runs Lua with the module, where the environment names no other place to look for it.
local function write_lua(path, checkout, interpreter, script)
  local line = { "exec env", "'LUA_PATH='\"${LUA_PATH-" .. absolute(package.path, checkout) .. "}\"",
    "'LUA_CPATH='\"${LUA_CPATH-" .. absolute(package.cpath, checkout) .. "}\"" }
  for _, name in ipairs(sanitizer) do
    if os.getenv(name) then line[#line + 1] = name .. "=" .. quoted(os.getenv(name)) end
  end
  line[#line + 1] = interpreter .. " " .. (script or "") .. ' "$@"'
  write_file(path, "#!/bin/sh\n" .. table.concat(line, " ") .. "\n")
end

-- What documents speak of and a spec cannot have: `sudo` installs into a folder of the reader's, and of Debian's
-- packages it wants to know only that they are there; `az` knows a token.
local stand_ins = {
  sudo = '#!/bin/sh\n[ "$1" != apt-get ] || { shift 3; exec dpkg -s "$@" >/dev/null; }\n' ..
    'exec env DESTDIR="$HOME/root" "$@"\n',
  az = "#!/bin/sh\necho sk-token-of-entra\n",
}

-- No rocks server is asked, nothing goes into the system, and compiling takes little time.
local LUAROCKS_CONFIG = [[
rocks_provided = { ["lua-cjson"] = "2.1.0-1", argparse = "0.7.1-1" }
rocks_trees = { { name = "system", root = "%s/home/root/usr/local" } }
variables = { CFLAGS = "-O0 -fPIC" }
]]

local function make_folder(self)
  run(("cd %s && mkdir -p work/gateway installed/bin tools/bin home"):format(self.folder))
  write_lua(self.folder .. "/installed/bin/lua5.4", self.checkout, self.interpreter)
  write_lua(self.folder .. "/installed/bin/openai-uploads", self.checkout, self.interpreter,
    self.checkout .. "/bin/openai-uploads")
  for name, text in pairs(stand_ins) do write_file(self.folder .. "/tools/bin/" .. name, text) end
  write_file(self.folder .. "/home/luarocks.lua", LUAROCKS_CONFIG:format(self.folder))
  write_file(self.folder .. "/work/train.jsonl", ('{"prompt": "a", "completion": "b"}\n'):rep(30000))
  write_file(self.folder .. "/work/replay.bin", ("\0\1\2\3"):rep(1024))
  run(("chmod +x %s/installed/bin/* %s/tools/bin/*"):format(self.folder, self.folder))
end

-- What git would hand out, with what is not committed yet.
local function copy_files(target)
  assert(select(2, run(("mkdir -p %s && git ls-files -co --exclude-standard | tar -cT - | tar -xC %s"):format(target,
    target))) == 0)
end

-- The same as a repository to clone from.
local function make_origin(target)
  copy_files(target)
  run("cd " .. target .. " && git init -q -b main && git add -A && " ..
    "git -c user.name=spec -c user.email=spec@localhost commit -qm all")
end

-- The same as a clone in which all has been built already.
local function make_clone(target)
  copy_files(target)
  run(("mkdir %s/build; cd build && cp -a c lua5.4 luajit %s/build"):format(target, target))
end

-- Spares a clone that the reader made the compiling of the same sources, where they have been compiled here.
local function fill_clone(folder)
  local clone = folder .. "/work/lua-openai-uploads"
  run(("make -q build/lua5.4/openai_uploads/core.so build/luajit/openai_uploads/core.so && mkdir -p %s/build && " ..
    "cp -r build/c build/lua5.4 build/luajit %s/build"):format(clone, clone))
end

local function any_block_holds(blocks, text)
  for _, block in ipairs(blocks) do
    if block.text:find(text, 1, true) then return true end
  end
  return false
end

--- A reader of some blocks, with an emulator, `service`. A clone lies in the folder already, unless one of the blocks
--- has its reader make it.
function reader.new(service, blocks)
  local folder = run("mktemp -d"):match "[^\n]+"
  local self = { folder = folder, service = service, checkout = run("pwd"):match "[^\n]+",
    interpreter = run("command -v " .. (os.getenv "TEST_LUA" or "lua5.4")):match "[^\n]+" }
  run(("chmod 755 %s; mkdir %s/work"):format(folder, folder)) -- nginx's workers read there, too
  make_folder(self)
  if any_block_holds(blocks, "git clone ") then
    make_origin(folder .. "/origin")
  elseif any_block_holds(blocks, "lua-openai-uploads") then
    make_clone(folder .. "/work/lua-openai-uploads")
  end
  return setmetatable(self, { __index = reader })
end

function reader:close() run("rm -rf " .. self.folder) end

-- A reader on Debian is no root, and has no folders of root's programs on PATH.
local function path_of_plain_user()
  local folders = {}
  for folder in os.getenv "PATH":gmatch "[^:]+" do
    if not folder:find "/sbin$" then folders[#folders + 1] = folder end
  end
  return table.concat(folders, ":")
end

local function environment_of(self, block)
  local folder, service = self.folder, self.service
  local name = block.words.service
  local url = name and service.tls[name] or service.base_url
  local first = block.words.fresh and "" or folder .. "/installed/bin:"
  local set = {
    PATH = first .. folder .. "/tools/bin:" .. path_of_plain_user(), HOME = folder .. "/home",
    CFLAGS = "-O0", TERM = "dumb", MANPAGER = "cat", LUAROCKS_CONFIG = folder .. "/home/luarocks.lua",
    OPENAI_API_KEY = KEY, OPENAI_BASE_URL = url,
    AZURE_OPENAI_ENDPOINT = url:match "^%w+://[^/]+", AZURE_OPENAI_API_KEY = KEY,
    CA_FILE = service.ca_file, CLIENT_CERT = service.client_cert, CLIENT_KEY = service.client_key,
    GIT_CONFIG_COUNT = "1", GIT_CONFIG_KEY_0 = ("url.file://%s/origin.insteadOf"):format(folder),
    GIT_CONFIG_VALUE_0 = "https://github.com/lua-openai-uploads/lua-openai-uploads.git",
  }
  local words = {}
  for variable, value in pairs(set) do words[#words + 1] = variable .. "=" .. quoted(value) end
  return table.concat(words, " ")
end

-- Its processes end with it. Root stays root there, or nginx would look for users who are none; others get what they
-- need to raise the loopback interface.
local UNSHARE = "unshare -npf --kill-child $([ $(id -u) = 0 ] || echo -c --keep-caps) "
local own_network = UNSHARE .. "sh -c 'PATH=$PATH:/sbin ip link set lo up && exec \"$@\"' own-network "

-- The emulator of that network, whose addresses the commands are given.
local function in_own_network(self, command)
  return own_network .. self.checkout .. "/emulator/with " .. command
end

local interpreters = {
  lua = function(self) return self.folder .. "/installed/bin/lua5.4" end,
  sh = function() return "sh -eu" end,
}

--- Does what the document's reader does with a block. Returns what it prints and its exit status.
function reader:follow(block)
  local folder = self.folder .. "/work"
  local name = block.words.file or os.tmpname()
  local path = name:find "^/" and name or folder .. "/" .. name
  write_file(path, block.text)
  local interpreter = interpreters[block.language]
  if not interpreter then return "", 0 end
  local command = interpreter(self) .. " " .. path
  if block.words["own-network"] then command = in_own_network(self, command) end
  local output, status = run(("cd %s && timeout -s KILL %d env -i %s %s </dev/null"):format(folder, LONGEST_RUN,
    environment_of(self, block), command))
  if not block.words.file then os.remove(path) end
  if block.text:find "git clone " then fill_clone(self.folder) end
  return output, status
end

local function has_program(name) return select(2, run("PATH=$PATH:/usr/sbin:/sbin command -v " .. name)) == 0 end

-- In a process of its own: Copas cannot be loaded after LuaSocket's `socket.http`, which the specs use.
local function has_module(name)
  return select(2, run((os.getenv "TEST_LUA" or "lua5.4") .. " -e 'require \"" .. name .. "\"'")) == 0
end

--- Why a block cannot be run here; nil when it can.
function reader.hindrance(block)
  local need = block.words.needs
  if block.words["own-network"] and select(2, run(UNSHARE .. "ip link set lo up")) ~= 0 then
    return "this system gives no network namespace"
  end
  if not need or has_program(need) and need ~= "lua5.4" or has_module(need) then return nil end
  if need == "lua5.4" and tonumber(_VERSION:match "%d%.%d") >= 5.4 then return nil end
  return "it needs " .. need
end

return reader
