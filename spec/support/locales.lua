-- SPDX-License-Identifier: MIT
-- Real locales for specs, made of the system's sources in a folder of their own: few machines have them installed.

local locales = {}

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function output_of(command)
  local pipe = assert(io.popen("unset LD_PRELOAD; " .. command, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- The folder that LOCPATH is to name, with the locales of these names, such as "tr_TR.UTF-8"; nil and the reason where
-- the system cannot make them. `locales.remove` takes the folder away.
function locales.make(names)
  local folder = output_of("mktemp -d"):match "[^\n]+"
  for _, name in ipairs(names) do
    local source, charset = name:match "^([^.]+)%.(.*)$"
    -- It ends with 1 for mere warnings, so what counts is what it made.
    local made = output_of(("localedef -i %s -f %s %s 2>&1; ls %s/LC_CTYPE 2>&1"):format(source, charset,
      quoted(folder .. "/" .. name), quoted(folder .. "/" .. name)))
    if not made:find("/LC_CTYPE\n$") or made:find("cannot access", 1, true) then
      locales.remove(folder)
      return nil, "localedef cannot make " .. name
    end
  end
  return folder
end

function locales.remove(folder) output_of("rm -r " .. quoted(folder)) end

return locales
