-- SPDX-License-Identifier: MIT
-- Text from outside (file names, what the service says) may hold bytes that a terminal takes for commands.

-- The least second byte after these first ones; below, the sequence is a longer spelling of a shorter one, or, with
-- 0xc2, a control character.
local min_second = { [0xc2] = 0xa0, [0xe0] = 0xa0, [0xf0] = 0x90 }

-- How many bytes the character that begins at `at` has; nil when it is none to be shown.
local function shown_length(text, at)
  local first, second = text:byte(at, at + 1)
  if first < 0x80 then return first >= 0x20 and first ~= 0x7f and 1 or nil end
  if first < 0xc2 or first > 0xf4 then return nil end
  local length = first >= 0xf0 and 4 or first >= 0xe0 and 3 or 2
  if not second or second < (min_second[first] or 0x80) then return nil end
  local rest = text:sub(at + 1, at + length - 1)
  return #rest == length - 1 and not rest:find("[^\128-\191]") and length or nil
end

--- `text` with each byte of a control character, and each that is no UTF-8, made a `?`, or what `substitute` says.
--- The second result is how many characters it has.
return function(text, substitute)
  local shown, at = {}, 1
  while at <= #text do
    local length = shown_length(text, at)
    shown[#shown + 1] = length and text:sub(at, at + length - 1) or substitute or "?"
    at = at + (length or 1)
  end
  return table.concat(shown), #shown
end
