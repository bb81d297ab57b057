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

  it("complete a command and its options in zsh", function()
    local hindrance = not is_here "zsh" and "zsh is not installed" or cli.want_of_terminal()
    if hindrance then return pending(hindrance) end
    -- zsh completes on a terminal only. Ctrl-T tells what the line has become.
    local driver = [=[
      zmodload zsh/zpty
      folder=$(mktemp -d)
      cp completions/openai-uploads.zsh $folder/_openai-uploads
      zpty line zsh -fi
      zpty -w line 'fpath=('$folder' $fpath); autoload -Uz compinit; compinit -u -D'
      zpty -w line 'tell() { print -r -- "@""@$BUFFER@""@"; zle send-break }; zle -N tell; bindkey "^T" tell'
      zpty -w -n line "openai-uploads $1"$'\t\x14'
      zpty -r -m line text "*@@*@@"
      rm -r $folder
      text=${text%@@}
      print -r -- ${text##*@@}]=]
    local function complete(words)
      return output_of(("timeout 20 zsh -fc %s - '%s'"):format(cli.quoted(driver), words))
    end
    assert.are.equal("openai-uploads upload \n", complete "upl")
    assert.are.equal("openai-uploads upload --resume \n", complete "upload --res")
    assert.are.equal("openai-uploads upload --progress bar \n", complete "upload --progress b")
  end)
end)
