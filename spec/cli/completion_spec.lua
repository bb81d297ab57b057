-- SPDX-License-Identifier: MIT
-- Completions of the command's words, in the shells that are here.
-- Runs once: argparse makes the same of them on each Lua.

local cli = require "spec.support.cli"

describe("The completions of openai-uploads", function()
  local function is_here(shell)
    return os.execute(("command -v %s >/dev/null 2>&1"):format(shell)) == (_VERSION == "Lua 5.1" and 0 or true)
  end

  local function output_of(command)
    local pipe = assert(io.popen("unset LD_PRELOAD; " .. command .. " 2>&1"))
    local text = pipe:read "*a"
    pipe:close()
    return text
  end

  for _, shell in ipairs { "bash", "zsh", "fish" } do
    local path = "completions/openai-uploads." .. shell

    it("for " .. shell .. " are what the command prints: `make completions` brings them up to date", function()
      assert.are.equal(cli.read_file(path), cli.run({ "completion", shell }).stdout)
    end)

    it("for " .. shell .. " can be read by it", function()
      if not is_here(shell) then return pending(shell .. " is not installed") end
      assert.are.equal("", output_of(("%s -n %s"):format(shell, path)))
    end)
  end

  it("complete a command and its options in bash", function()
    if not is_here "bash" then return pending "bash is not installed" end
    local function complete(words)
      return output_of(("bash -c 'source completions/openai-uploads.bash; COMP_WORDS=(openai-uploads %s); " ..
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _openai-uploads; echo ${COMPREPLY[@]}'"):format(words))
    end
    assert.are.equal("upload\n", complete "up")
    assert.are.equal("--resume\n", complete "upload --res")
    assert.are.equal("bar\n", complete "upload --progress b")
  end)

  it("complete a command and its options in fish", function()
    if not is_here "fish" then return pending "fish is not installed" end
    local function complete(words)
      return output_of(("fish -c 'source completions/openai-uploads.fish; complete -C \"openai-uploads %s\"'"):format(
        words))
    end
    assert.matches("^upload\t", complete "upl")
    assert.matches("^%-%-resume\t", complete "upload --res")
  end)
end)
