-- SPDX-License-Identifier: MIT
-- Real locales for specs, made from the system's sources in the build's folder: few machines have them installed.

local built = require "spec.support.built"
local exists = require "spec.support.exists"

local locales = {}

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- Makes one, unless it is there. localedef exits with 1 for mere warnings, so look for a file. Suites that run side by
-- side share the folder: one makes the locale, and the others wait for it. Where there is no flock, each makes it, and
-- one of them wins.
local function make(folder, name)
  local source, charset = name:match "^([^.]+)%.(.*)$"
  os.execute(([[
    unset LD_PRELOAD
    exec 9>%s/lock; flock 9 2>/dev/null
    [ ! -e %s/LC_CTYPE ] || exit 0
    own=$(mktemp -d %s/XXXXXX) && localedef -i %s -f %s "$own/it"; mv -T "$own/it" %s; rm -rf "$own"
  ]]):format(folder, folder .. "/" .. name, folder, source, charset, folder .. "/" .. name))
end

-- The folder that LOCPATH is to name, with the locales of these names, such as "tr_TR.UTF-8"; nil and the reason where
-- the system cannot make them.
function locales.make(names)
  local folder = built.folder "locales"
  for _, name in ipairs(names) do
    local last_file = ("%s/%s/LC_CTYPE"):format(folder, name)
    if not exists(last_file) then make(quoted(folder), name) end
    if not exists(last_file) then return nil, "localedef cannot make " .. name end
  end
  return folder
end

return locales
